"""A field of a post or a section: saved by its form or by autosave.js, and the ways out when somebody was faster."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import DomainError, Invalid
from blogforge_llm.records.editorial import Revision
from blogforge_llm.services.editorial import fields, limits, revisions
from blogforge_llm.web import forms, viewers
from blogforge_llm.web.editorial import pages, places
from blogforge_llm.web.editorial.places import Place

bp = Blueprint("fields", __name__)
bp.add_app_template_global(places.field_url, "field_url")
bp.add_app_template_global(places.place_url, "place_url")
bp.add_app_template_global(limits.measures, "text_measures")


@places.route(bp, method="POST")
def update(**place: Any) -> ResponseReturnValue:
    """The form of a browser without JavaScript, and Keep my text of the comparison."""
    text = typed()
    try:
        save(place, text=text)
    except forms.REFUSALS as refusal:
        return given_back(place, refusal)
    return pages.changed(place, notice="Saved.")


@places.route(bp, method="PUT")
def autosave(**place: Any) -> ResponseReturnValue:
    """For autosave.js, which wants JSON, also when something is wrong."""
    revision = save(place, text=typed(), is_autosave="autosave" in request.form)
    return jsonify(
        revision=revision.id if revision else None,
        words=revision.words if revision else 0,
        text=revision.text if revision else "",
        at=revision.created_at.isoformat() if revision else None,
    )


@places.route(bp, "/comparison", method="POST")
def compare(**place: Any) -> ResponseReturnValue:
    """What is typed beside what somebody else saved. Changes nothing; a POST because texts are long."""
    text = typed()
    with db.transaction() as conn:
        value = fields.get(conn, **place)
    theirs = fields.what_is_there(value.revision)
    drafts = {place["field_key"]: pages.Draft(text, theirs["revision"], theirs=theirs)}
    return pages.part("editorial/fields/_comparison.html", place, drafts=drafts)


@places.route(bp, "/surrender", method="POST")
def surrender(**place: Any) -> ResponseReturnValue:
    """Take what somebody else saved. What was typed becomes a revision first, so that it can be found again."""
    text, theirs, actor = typed(), request.form.get("theirs", type=int), viewers.current()
    try:
        with db.transaction() as conn:
            revisions.yield_to(conn, actor=actor, **place, text=text, revision_id=theirs)
    except forms.REFUSALS as refusal:
        return given_back(place, refusal)
    return pages.changed(place, notice="Your text is kept in the history.")


def typed() -> str:
    """What stands in the box. Raises Invalid when the request has no box at all: that must not empty the field."""
    if "text" not in request.form:
        raise Invalid.field("text", "The text is missing, so nothing was saved. To empty the field send an empty one.")
    return request.form["text"]


def save(place: Place, *, text: str, is_autosave: bool = False) -> Revision | None:
    with db.transaction() as conn:
        return fields.save(
            conn, actor=viewers.current(), **place, text=text, base_revision_id=pages.base_revision(),
            is_autosave=is_autosave,
        )  # fmt: skip


def given_back(place: Place, refusal: DomainError) -> ResponseReturnValue:
    draft = pages.draft_of(refusal, request.form.get("text", ""), pages.base_revision())
    return pages.refused(place, refusal, draft=draft)
