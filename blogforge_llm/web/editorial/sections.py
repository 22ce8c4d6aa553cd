"""Sections of a post: the list in its step, one with its fields, and what can be done to their order."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import DomainError
from blogforge_llm.records.editorial import FieldKind
from blogforge_llm.services.editorial import fields, posts, section_events, section_joints, sections
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial import board, outlines, pages

bp = Blueprint("sections", __name__, url_prefix="/posts/<int:post_id>/sections")

STEP = "sections"
_LIST, _SPLIT = "editorial/sections/_answer.html", "editorial/sections/split.html"


@bp.get("/<int:section_id>")
def show(post_id: int, section_id: int) -> ResponseReturnValue:
    return pages.section(post_id, section_id)


@bp.post("")
def create(post_id: int) -> ResponseReturnValue:
    heading, description = request.form.get("heading", ""), request.form.get("description", "")
    try:
        with db.transaction() as conn:
            section = sections.add(
                conn, actor=viewers.current(), post_id=post_id, heading=heading, description=description
            )
    except forms.REFUSALS as refusal:
        return _refused(post_id, refusal, form=request.form)
    return _done(post_id, f"{section.code} is added.")


@bp.post("/order")
def reorder(post_id: int) -> ResponseReturnValue:
    """By dragging or by keyboard the form sends its order, without JavaScript the button that was pressed."""
    try:
        order, version = forms.order(), request.form.get("version", -1, type=int)
        with db.transaction() as conn:
            sections.reorder(conn, actor=viewers.current(), post_id=post_id, order=order, version=version)
    except forms.REFUSALS as refusal:
        return _refused(post_id, refusal)
    return _done(post_id, "The order is saved.")


@bp.post("/<int:section_id>/deletion")
def delete(post_id: int, section_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            section = sections.delete(conn, actor=viewers.current(), section_id=_own(conn, post_id, section_id))
    except forms.REFUSALS as refusal:
        return _refused(post_id, refusal)
    return _away(post_id, f"{section.name} is deleted. It waits under the list, with all its texts.")


@bp.post("/<int:section_id>/restoration")
def restore(post_id: int, section_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            section = sections.restore(conn, actor=viewers.current(), section_id=_own(conn, post_id, section_id))
    except forms.REFUSALS as refusal:
        return _refused(post_id, refusal)
    return _done(post_id, f"{section.name} is back.")


@bp.post("/<int:section_id>/merger")
def merge(post_id: int, section_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            target = section_joints.merge(
                conn, actor=viewers.current(), section_id=_own(conn, post_id, section_id),
                into_id=request.form.get("into", 0, type=int), version=request.form.get("version", -1, type=int),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return _refused(post_id, refusal)
    return _away(post_id, f"Merged into {target.name}. The other section waits under the list, with its own texts.")


@bp.get("/<int:section_id>/division")
def choose_division(post_id: int, section_id: int) -> ResponseReturnValue:
    """Where to split: the paragraphs of one of its texts."""
    return _division(post_id, section_id, request.args.get("field"))


@bp.post("/<int:section_id>/division")
def split(post_id: int, section_id: int) -> ResponseReturnValue:
    field_key = request.form.get("field", "")
    try:
        with db.transaction() as conn:
            new = section_joints.split(
                conn, actor=viewers.current(), section_id=_own(conn, post_id, section_id), field_key=field_key,
                at=request.form.get("at", 0, type=int), heading=request.form.get("heading", ""),
                base_revision_id=pages.base_revision(), version=request.form.get("version", -1, type=int),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again(_SPLIT, refusal, form=request.form, **_division_context(post_id, section_id, field_key))
    return _away(post_id, f"The rest is {new.name} now.")


@bp.post("/reversal")
def undo(post_id: int) -> ResponseReturnValue:
    """Take back the last thing done to the sections or their items; from the board back to the board."""
    is_board = request.form.get("from") == "board"
    try:
        with db.transaction() as conn:
            event_id = request.form.get("event_id", 0, type=int)
            event = section_events.undo(conn, actor=viewers.current(), post_id=post_id, event_id=event_id)
    except forms.REFUSALS as refusal:
        return board.refused(post_id, refusal) if is_board else _refused(post_id, refusal)
    notice = f"Undone: {event.summary}."
    return board.done(post_id, notice) if is_board else _done(post_id, notice)


def _own(conn: db.Connection, post_id: int, section_id: int) -> int:
    """The section, if it is one of the post. Raises NotFound."""
    fields.list_values(conn, post_id=post_id, section_id=section_id)
    return section_id


def _division(post_id: int, section_id: int, field_key: str | None) -> ResponseReturnValue:
    return render_template(_SPLIT, form={}, errors={}, **_division_context(post_id, section_id, field_key))


def _division_context(post_id: int, section_id: int, field_key: str | None) -> dict[str, Any]:
    """The text to split: the one asked for, else the polished one, else the draft."""
    with db.transaction() as conn:
        values = fields.list_values(conn, post_id=post_id, section_id=section_id)
        long = [value for value in values if value.field.kind == FieldKind.MARKDOWN]
        filled = [value for value in reversed(long) if value.is_filled]
        value = next((each for each in long if each.field.key == field_key), (filled or long)[0])
        found = sections.outline(conn, post_id=post_id)
        return {
            "post": posts.get(conn, post_id=post_id), "section": sections.get(conn, section_id=section_id),
            "value": value, "texts": filled, "version": found.version,
            "paragraphs": section_joints.paragraphs(value.text),
        }  # fmt: skip


def _back(post_id: int) -> str:
    return url_for("workflow.show", substage=STEP, post_id=post_id)


def _done(post_id: int, notice: str) -> ResponseReturnValue:
    return outlines.done(partial(pages.step, post_id, STEP, template=_LIST), _back(post_id), notice=notice)


def _away(post_id: int, notice: str) -> ResponseReturnValue:
    """From the section's own page to the list."""
    flash(notice, "success")
    return htmx.redirect_or(_back(post_id))


def _refused(post_id: int, refusal: DomainError, **state: Any) -> ResponseReturnValue:
    whole = partial(pages.step, post_id, STEP)
    return outlines.refused(partial(whole, template=_LIST), whole, refusal, **state)
