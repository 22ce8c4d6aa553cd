"""A task's output offered to a field of a post. It gets in there like any suggestion: when somebody accepts it."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import DomainError, Invalid
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import posts, suggestions, workflow
from blogforge_llm.services.tasks import tasks, trials
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial import places

bp = Blueprint("task_suggestions", __name__, url_prefix="/llm/tasks/<int:task_id>/suggestion")

_POSTS = 50


@bp.get("/new")
def new(task_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.WRITE_POSTS)
    return _page(task_id)


@bp.post("")
def create(task_id: int) -> ResponseReturnValue:
    post_id, key = request.form.get("post", type=int), request.form.get("field", "")
    try:
        if post_id is None or not key:
            raise Invalid.field("post" if post_id is None else "field", "Choose a post and one of its fields.")
        with db.transaction() as conn:
            suggestions.offer(conn, actor=viewers.current(), task_id=task_id, post_id=post_id, field_key=key)
    except forms.REFUSALS as refusal:
        return _page(task_id, refusal)
    return htmx.redirect_or(places.address({"post_id": post_id, "field_key": key}))


def _page(task_id: int, refusal: DomainError | None = None) -> Response:
    q = request.args.get("q", "").strip()
    with db.connection() as conn:
        task = tasks.get(conn, task_id=task_id)
        trial_id = trials.find_id(conn, task_id=task_id)
        origin = trials.find_post_id(conn, task_id=task_id)
        titles = posts.list_titles(conn, query=q, limit=_POSTS)
        if origin is not None and not q and origin not in dict(titles):
            titles.insert(0, (origin, posts.get(conn, post_id=origin).title))
        stages = workflow.list_stages(conn)
    chosen = {"post": request.form.get("post", origin), "field": request.form.get("field", "")}
    context = {"task": task, "trial_id": trial_id, "posts": titles, "stages": stages, "q": q, "form": chosen}
    if refusal is not None:
        return forms.again("tasks/suggestions/new.html", refusal, **context)
    return make_response(render_template("tasks/suggestions/new.html", errors={}, **context))
