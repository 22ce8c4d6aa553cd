"""How the workflow page and its parts are answered: a field alone for htmx, else the whole page or the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, request

from blogforge_llm import db
from blogforge_llm.errors import Conflict, DomainError, Invalid
from blogforge_llm.records.editorial import Scope
from blogforge_llm.services import diffs
from blogforge_llm.services.editorial import desk, workflow
from blogforge_llm.services.editorial.board import FIELD
from blogforge_llm.services.registry import routes
from blogforge_llm.web import htmx, viewers
from blogforge_llm.web.editorial import outlines, places, runs, steps
from blogforge_llm.web.editorial.places import Place


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed that was not taken, so that the page can give it back. `theirs` is what stands in the way."""

    text: str
    base: int | None
    error: str | None = None
    theirs: dict[str, Any] | None = None

    @property
    def changes(self) -> list[diffs.Change]:
        return diffs.words(self.theirs["text"], self.text) if self.theirs else []


def draft_of(refusal: DomainError, text: str, base: int | None) -> Draft:
    if isinstance(refusal, Conflict) and refusal.current and "text" in refusal.current:
        return Draft(text, refusal.current["revision"], theirs=refusal.current)
    return Draft(text, base, error=refusal.errors.get("text") if isinstance(refusal, Invalid) else str(refusal))


def step(
    post_id: int, substage: str, *, field_key: str | None = None, template: str = "editorial/workflow/show.html",
    **state: Any,
) -> str:  # fmt: skip
    """The whole page of a step, or a part of it; with one field only when that is named."""
    with db.transaction() as conn:
        found = desk.open_at(conn, actor=viewers.current(), post_id=post_id, substage_key=substage, field_key=field_key)
        context = _context(conn, found)
        if found.substage.has_sections:
            context |= outlines.context(conn, found)
    return render_template(template, **context, **_state(state))


def section(post_id: int, section_id: int, **state: Any) -> str:
    """The whole page of a section."""
    with db.transaction() as conn:
        found = desk.open_section(conn, actor=viewers.current(), post_id=post_id, section_id=section_id)
        context = _context(conn, found) | outlines.context(conn, found)
    return render_template("editorial/sections/show.html", **context, **_state(state))


def board(post_id: int, *, template: str = "editorial/board/show.html", **state: Any) -> str:
    """The allocation board, or a part of it."""
    with db.transaction() as conn:
        found = desk.open_board(conn, actor=viewers.current(), post_id=post_id, field_key=FIELD)
        context = _context(conn, found) | outlines.context(conn, found) | {"block": found.blocks[0]}
    return render_template(template, **context, **_state(state))


def plans(post_id: int, substage: str, section_id: int | None) -> str:
    """What each field of a step, or of a section, would ask now."""
    with db.transaction() as conn:
        if section_id is not None:
            found = desk.open_section(conn, actor=viewers.current(), post_id=post_id, section_id=section_id)
        else:
            found = desk.open_at(conn, actor=viewers.current(), post_id=post_id, substage_key=substage)
    return render_template("editorial/workflow/_plans.html", desk=found, post=found.overview.post)


def part(template: str, place: Place, **state: Any) -> str:
    """A part of the page for one field: its block, or only what is offered to it."""
    with db.transaction() as conn:
        found = _open(conn, place)
        context = _context(conn, found) | {"block": found.blocks[0]}
        if found.substage.has_sections:
            context |= outlines.context(conn, found)
    return render_template(template, **context, **_state(state))


def changed(place: Place, *, notice: str = "", undo: int | None = None) -> Response:
    """After something was done to a field: its block with a notice, or the way back to it."""
    if htmx.wants_fragment():
        html = part("editorial/fields/_changed.html", place, focus=place["field_key"], notice=notice, undo=undo)
        return make_response(html)
    return htmx.redirect_or(places.address(place))


def refused(
    place: Place,
    refusal: DomainError,
    *,
    template: str = "editorial/fields/_changed.html",
    draft: Draft | None = None,
    edits: dict[int, str] | None = None,
) -> Response:
    """After something could not be done to a field: why, with everything that was typed."""
    key = place["field_key"]
    state = {
        "drafts": {key: draft} if draft else {}, "edits": edits or {}, "notes": {} if draft else {key: str(refusal)},
    }  # fmt: skip
    if htmx.wants_fragment():  # a 409 is not swapped (base.html), and this one says it in words
        return make_response(part(template, place, focus=key, **state))
    return make_response(_whole(place, state), 409 if isinstance(refusal, Conflict) else 422)


def _whole(place: Place, state: dict[str, Any]) -> str:
    """The page that the place is on."""
    with db.transaction() as conn:
        field = workflow.field_at(conn, key=place["field_key"], section_id=place.get("section_id"))
    if field.scope == Scope.SECTION:
        return section(place["post_id"], place["section_id"], **state)
    if field.scope == Scope.BOARD:
        return board(place["post_id"], **state)
    only = None if field.is_living else field.key
    return step(place["post_id"], field.substage_key, field_key=only, **state)


def _open(conn: db.Connection, place: Place) -> desk.Desk:
    field = workflow.field_at(conn, key=place["field_key"], section_id=place.get("section_id"))
    actor, post_id = viewers.current(), place["post_id"]
    if field.scope == Scope.SECTION:
        return desk.open_section(
            conn, actor=actor, post_id=post_id, section_id=place["section_id"], field_key=field.key
        )
    if field.scope == Scope.BOARD:
        return desk.open_board(conn, actor=actor, post_id=post_id, field_key=field.key)
    return desk.open_at(conn, actor=actor, post_id=post_id, substage_key=field.substage_key, field_key=field.key)


def _context(conn: db.Connection, found: desk.Desk) -> dict[str, Any]:
    return {
        "desk": found, "post": found.overview.post, "choices": routes.list_choices(conn),
        "going": runs.list_going(conn, found.overview.post.id),
        "steps": steps.groups(found.overview, found.substage.key),
    }  # fmt: skip


def base_revision() -> int | None:
    """The revision a form was made from; empty for an empty field."""
    return request.form.get("base_revision", type=int)


def _state(given: dict[str, Any]) -> dict[str, Any]:
    """What the templates look at, with nothing special to show unless it is given."""
    usual: dict[str, Any] = {
        "drafts": {}, "notes": {}, "edits": {}, "focus": None, "notice": "", "undo": None, "form": {}, "errors": {},
    }  # fmt: skip
    return usual | given
