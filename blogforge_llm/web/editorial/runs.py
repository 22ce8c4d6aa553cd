"""Runs of a post: running ahead through a step, a stage or the whole of it, and how far every run is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import Role
from blogforge_llm.records.runs import Accepts, Run
from blogforge_llm.services.editorial import posts, runs, workflow
from blogforge_llm.services.tasks import batches, wording
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial import places
from blogforge_llm.web.registry import numbers

bp = Blueprint("runs", __name__)

_INDEX, _PAGE = "editorial/runs/index.html", 20


@bp.get("/posts/<int:post_id>/runs")
def index(post_id: int) -> ResponseReturnValue:
    form = {"scope": request.args.get("scope", "post"), "accepts": Accepts.EMPTY}
    return render_template(_INDEX, form=form, errors={}, **_listed(post_id))


@bp.post("/posts/<int:post_id>/runs")
def create(post_id: int) -> ResponseReturnValue:
    """Plan it; nothing is asked before it is started. A plan of one's own that it takes the place of is gone."""
    form = request.form
    try:
        with db.transaction() as conn:
            run = runs.ahead(conn, actor=viewers.current(), post_id=post_id, scope=form.get("scope", ""), **how())
            runs.discard_others(conn, actor=viewers.current(), run=run)
    except forms.REFUSALS as refusal:
        return forms.again(_INDEX, refusal, form=form, **_listed(post_id))
    return htmx.redirect_or(url_for("runs.show", post_id=post_id, run_id=run.id))


@bp.get("/runs/<int:run_id>")
def find(run_id: int) -> ResponseReturnValue:
    """For who knows its batch alone: the page it has in its post."""
    with db.transaction() as conn:
        run = runs.get(conn, run_id=run_id)
    return redirect(url_for("runs.show", post_id=run.post_id, run_id=run_id))


@bp.get("/posts/<int:post_id>/runs/<int:run_id>")
def show(post_id: int, run_id: int) -> ResponseReturnValue:
    """The page, or for htmx what changes on it; with `brief` only how far it is, for other pages of the post."""
    brief = "brief" in request.args and htmx.wants_fragment()
    with db.transaction() as conn:
        context = _shown(conn, post_id, run_id)
        home = url_for("runs.show", post_id=post_id, run_id=run_id, brief=1 if brief else None)
        context |= progress(conn, context["run"], home=home, is_brief=brief)
    template = "show" if not htmx.wants_fragment() else "_brief" if brief else "_answer"
    return render_template(f"editorial/runs/{template}.html", **context)


def how() -> dict[str, Any]:
    """What the form says of what becomes of answers, and of money. Raises Invalid."""
    accepts = request.form.get("accepts", "")
    return {
        "accepts": Accepts(accepts) if accepts in set(Accepts) else Accepts.NOTHING,
        "refreshes": "refreshes" in request.form,
        "budget": numbers.read(request.form, decimals=("budget",)).get("budget"),
    }


def progress(conn: db.Connection, run: Run, *, home: str, is_brief: bool) -> dict[str, Any]:
    """What the progress of a run needs; `is_brief` on a page that is not its own."""
    viewer = viewers.current()
    is_owner = viewer.role == Role.ADMIN or run.batch.created_by == viewer.id
    return {
        "run": run, "batch": run.batch, "progress": batches.progress(conn, batch=run.batch), "home": home,
        "list_url": url_for("runs.index", post_id=run.post_id), "may_change": is_owner, "wording": wording,
        "is_brief": is_brief,
    }  # fmt: skip


def list_going(conn: db.Connection, post_id: int) -> list[dict[str, Any]]:
    """What asks for the post now, as every page of the post shows it."""
    return [
        progress(conn, run, home=url_for("runs.show", post_id=post_id, run_id=run.id, brief=1), is_brief=True)
        for run in runs.list_going(conn, post_id=post_id)
    ]


def _shown(conn: db.Connection, post_id: int, run_id: int) -> dict[str, Any]:
    run = runs.get(conn, run_id=run_id)
    if run.post_id != post_id:
        raise NotFound("The post has no such run.")
    known = {field.key: field for field in workflow.list_fields(conn)}
    targets = [*(step.target for step in run.steps), *(left.target for left in run.left_out)]
    urls = {
        target.key: places.field_url(known[target.field_key], post_id, target.section_id)
        for target in targets if target.field_key in known
    }  # fmt: skip
    urls.setdefault("sections", url_for("workflow.show", substage="sections", post_id=post_id))
    return {
        "post": posts.get(conn, post_id=post_id), "run": run, "urls": urls,
        "title": runs.titles(conn, [run.scope])[run.scope],
    }  # fmt: skip


def _listed(post_id: int) -> dict[str, Any]:
    before = request.args.get("before", type=int)
    with db.transaction() as conn:
        found = runs.list_begun(conn, post_id=post_id, before_id=before, limit=_PAGE + 1)
        plans = runs.list_plans(conn, post_id=post_id, limit=_PAGE)
        return {
            "post": posts.get(conn, post_id=post_id), "runs": found[:_PAGE], "has_more": len(found) > _PAGE,
            "plans": plans, "titles": runs.titles(conn, [run.scope for run in [*plans, *found]]),
            "stages": workflow.list_stages(conn), "forgotten_after": runs.days_of_plans(conn),
        }  # fmt: skip
