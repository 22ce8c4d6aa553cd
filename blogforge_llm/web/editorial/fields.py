"""A field of a post: saved by its form or by autosave.js, and the two ways out when somebody else was faster."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import DomainError, Invalid
from blogforge_llm.records.editorial import Revision
from blogforge_llm.services.editorial import fields, revisions
from blogforge_llm.web import forms, viewers
from blogforge_llm.web.editorial import pages

bp = Blueprint("fields", __name__, url_prefix="/posts/<int:post_id>/fields/<field_key>")


@bp.post("")
def update(post_id: int, field_key: str) -> ResponseReturnValue:
    """The form of a browser without JavaScript, and Keep my text of the comparison."""
    text = typed()
    try:
        save(post_id, field_key, text=text)
    except forms.REFUSALS as refusal:
        return given_back(post_id, field_key, refusal)
    return pages.changed(post_id, field_key, notice="Saved.")


@bp.put("")
def autosave(post_id: int, field_key: str) -> ResponseReturnValue:
    """For autosave.js, which wants JSON, also when something is wrong."""
    revision = save(post_id, field_key, text=typed(), is_autosave="autosave" in request.form)
    return jsonify(
        revision=revision.id if revision else None,
        words=revision.words if revision else 0,
        text=revision.text if revision else "",
        at=revision.created_at.isoformat() if revision else None,
    )


@bp.post("/comparison")
def compare(post_id: int, field_key: str) -> ResponseReturnValue:
    """What is typed beside what somebody else saved. Changes nothing; a POST because texts are long."""
    text = typed()
    with db.transaction() as conn:
        value = fields.get(conn, post_id=post_id, field_key=field_key)
    theirs = fields.what_is_there(value.revision)
    drafts = {field_key: pages.Draft(text, theirs["revision"], theirs=theirs)}
    return pages.part("editorial/fields/_comparison.html", post_id, field_key, drafts=drafts)


@bp.post("/surrender")
def surrender(post_id: int, field_key: str) -> ResponseReturnValue:
    """Take what somebody else saved. What was typed becomes a revision first, so that it can be found again."""
    text, theirs, actor = typed(), request.form.get("theirs", type=int), viewers.current()
    try:
        with db.transaction() as conn:
            revisions.yield_to(conn, actor=actor, post_id=post_id, field_key=field_key, text=text, revision_id=theirs)
    except forms.REFUSALS as refusal:
        return given_back(post_id, field_key, refusal)
    return pages.changed(post_id, field_key, notice="Your text is kept in the history.")


def typed() -> str:
    """What stands in the box. Raises Invalid when the request has no box at all: that must not empty the field."""
    if "text" not in request.form:
        raise Invalid.field("text", "The text is missing, so nothing was saved. To empty the field send an empty one.")
    return request.form["text"]


def save(post_id: int, field_key: str, *, text: str, is_autosave: bool = False) -> Revision | None:
    with db.transaction() as conn:
        return fields.save(
            conn, actor=viewers.current(), post_id=post_id, field_key=field_key, text=text,
            base_revision_id=pages.base_revision(), is_autosave=is_autosave,
        )  # fmt: skip


def given_back(post_id: int, field_key: str, refusal: DomainError) -> ResponseReturnValue:
    draft = pages.draft_of(refusal, request.form.get("text", ""), pages.base_revision())
    return pages.refused(post_id, field_key, refusal, draft=draft)
