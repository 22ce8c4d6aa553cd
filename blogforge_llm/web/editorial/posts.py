"""Posts: the list, a new one from an idea, the overview of one, deletion and restoration."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import articles, posts
from blogforge_llm.web import forms, htmx, viewers

bp = Blueprint("posts", __name__, url_prefix="/posts")

_PAGE = 30


@bp.get("")
def index() -> ResponseReturnValue:
    query, is_deleted = request.args.get("q", "").strip(), "deleted" in request.args
    before = posts.read_mark(request.args.get("before", ""))
    with db.connection() as conn:
        rows = posts.list_posts(conn, query=query, is_deleted=is_deleted, before=before, limit=_PAGE + 1)
        counts = {"live": posts.count(conn), "deleted": posts.count(conn, is_deleted=True)}
    shown = rows[:_PAGE]
    mark = posts.mark(shown[-1], is_deleted=is_deleted) if len(rows) > _PAGE else None
    return render_template(
        "editorial/posts/index.html",
        rows=shown,
        query=query,
        is_deleted=is_deleted,
        counts=counts,
        before=before,
        mark=mark,
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.WRITE_POSTS)
    return render_template("editorial/posts/new.html", idea="", errors={})


@bp.post("")
def create() -> ResponseReturnValue:
    idea = request.form.get("idea", "")
    try:
        with db.transaction() as conn:
            post = posts.create(conn, actor=viewers.current(), idea=idea)
    except forms.REFUSALS as refusal:
        return forms.again("editorial/posts/new.html", refusal, idea=idea)
    return htmx.redirect_or(url_for("workflow.show", substage="idea", post_id=post.id))


@bp.get("/<int:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        article = articles.overview(conn, post_id=post_id)
    return render_template("editorial/posts/show.html", article=article, post=article.overview.post)


@bp.post("/<int:post_id>/deletion")
def delete(post_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        post = posts.delete(conn, actor=viewers.current(), post_id=post_id)
    flash(f"“{post.title}” is deleted. It stays under Deleted, from where it can be restored.", "success")
    return htmx.redirect_or(url_for("posts.index"))


@bp.post("/<int:post_id>/restoration")
def restore(post_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        post = posts.restore(conn, actor=viewers.current(), post_id=post_id)
    flash(f"“{post.title}” is back.", "success")
    return htmx.redirect_or(url_for("posts.show", post_id=post.id))
