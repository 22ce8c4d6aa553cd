"""The workflow page: one step of one post, with every field of it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.editorial import desk
from blogforge_llm.services.editorial.workflow import StepArchived
from blogforge_llm.web.editorial import pages

bp = Blueprint("workflow", __name__, url_prefix="/workflow")


@bp.get("/")
def index() -> ResponseReturnValue:
    """Where work on a post goes on."""
    post_id = request.args.get("post_id", type=int)
    if post_id is None:
        return redirect(url_for("posts.index"))
    with db.transaction() as conn:
        substage = desk.next_step(conn, post_id=post_id)
    return redirect(url_for("workflow.show", substage=substage.key, post_id=post_id))


@bp.get("/<substage>/")
def show(substage: str) -> ResponseReturnValue:
    post_id = request.args.get("post_id", type=int)
    if post_id is None:
        return redirect(url_for("posts.index"))
    try:
        return pages.step(post_id, substage)
    except StepArchived as archived:
        flash(f"{archived} Work goes on here.", "info")
        return redirect(url_for("workflow.show", substage=archived.successor.key, post_id=post_id))


@bp.get("/<substage>/plans")
def plans(substage: str) -> ResponseReturnValue:
    """What Automate would ask now, for every field of the step: a part of the page, for htmx only."""
    post_id = request.args.get("post_id", type=int)
    if post_id is None:
        return redirect(url_for("posts.index"))
    return pages.plans(post_id, substage, request.args.get("section_id", type=int))
