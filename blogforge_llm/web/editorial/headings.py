"""Headings to sections: what would change, shown and corrected, then one step that can be undone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.services.editorial import headings, posts
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial import pages

bp = Blueprint("headings", __name__, url_prefix="/posts/<int:post_id>/headings")

_PAGE = "editorial/headings/show.html"


@bp.get("")
def show(post_id: int) -> ResponseReturnValue:
    return render_template(_PAGE, form={}, errors={}, **_context(post_id))


@bp.post("")
def apply(post_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            headings.apply(
                conn, actor=viewers.current(), post_id=post_id, version=request.form.get("version", -1, type=int),
                base_revision_id=pages.base_revision(), section_ids=_chosen(),
                kept_ids=request.form.getlist("keep", type=int),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again(_PAGE, refusal, form=request.form, **_context(post_id))
    flash("The headings are the sections now. Undo takes it back.", "success")
    return htmx.redirect_or(url_for("workflow.show", substage="sections", post_id=post_id))


def _chosen() -> list[int | None]:
    given = request.form.getlist("section")
    if not all(each in ("", "new") or (each.isdecimal() and len(each) < 19) for each in given):
        raise Invalid.field("sections", "The post has no such section. Choose another one.")
    return [int(each) if each.isdecimal() else None for each in given]


def _context(post_id: int) -> dict[str, Any]:
    with db.transaction() as conn:
        post = posts.get(conn, post_id=post_id)
        return {"post": post, "proposal": headings.propose(conn, post_id=post_id)}
