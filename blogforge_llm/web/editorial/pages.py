"""How the workflow page and its parts are answered: a field alone for htmx, else the whole page or the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, request, url_for

from blogforge_llm import db
from blogforge_llm.errors import Conflict, DomainError, Invalid
from blogforge_llm.records.editorial import Field
from blogforge_llm.services import diffs
from blogforge_llm.services.editorial import desk, workflow
from blogforge_llm.web import asked, htmx, viewers
from blogforge_llm.web.editorial import steps


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


def step(post_id: int, substage: str, **state: Any) -> str:
    """The whole page of a step."""
    with db.transaction() as conn:
        found = desk.open_at(conn, actor=viewers.current(), post_id=post_id, substage_key=substage)
        choices = asked.choices(conn)
    return render_template(
        "editorial/workflow/show.html", desk=found, post=found.overview.post, choices=choices,
        steps=steps.groups(found.overview, substage), **_state(state),
    )  # fmt: skip


def plans(post_id: int, substage: str) -> str:
    """What each field of a step would ask now."""
    with db.transaction() as conn:
        found = desk.open_at(conn, actor=viewers.current(), post_id=post_id, substage_key=substage)
    return render_template("editorial/workflow/_plans.html", desk=found, post=found.overview.post)


def part(template: str, post_id: int, field_key: str, **state: Any) -> str:
    """A part of the page for one field: its block, or only what is offered to it."""
    with db.transaction() as conn:
        field = workflow.get_field(conn, key=field_key)
        found = desk.open_at(
            conn, actor=viewers.current(), post_id=post_id, substage_key=field.substage_key, field_key=field_key
        )
        choices = asked.choices(conn)
    return render_template(
        template, desk=found, post=found.overview.post, choices=choices, block=found.blocks[0],
        steps=steps.groups(found.overview, field.substage_key), **_state(state),
    )  # fmt: skip


def changed(post_id: int, field_key: str, *, notice: str = "", undo: int | None = None) -> Response:
    """After something was done to a field: its block with a notice, or the way back to it."""
    if htmx.wants_fragment():
        html = part("editorial/fields/_changed.html", post_id, field_key, focus=field_key, notice=notice, undo=undo)
        return make_response(html)
    return htmx.redirect_or(address(post_id, field_key))


def refused(
    post_id: int,
    field_key: str,
    refusal: DomainError,
    *,
    template: str = "editorial/fields/_changed.html",
    draft: Draft | None = None,
    edits: dict[int, str] | None = None,
) -> Response:
    """After something could not be done to a field: why, with everything that was typed."""
    state = {
        "drafts": {field_key: draft} if draft else {}, "edits": edits or {},
        "notes": {} if draft else {field_key: str(refusal)},
    }  # fmt: skip
    if htmx.wants_fragment():  # a 409 is not swapped (base.html), and this one says it in words
        return make_response(part(template, post_id, field_key, focus=field_key, **state))
    with db.transaction() as conn:
        substage = workflow.get_field(conn, key=field_key).substage_key
    return make_response(step(post_id, substage, **state), 409 if isinstance(refusal, Conflict) else 422)


def address(post_id: int, field_key: str) -> str:
    with db.transaction() as conn:
        field = workflow.get_field(conn, key=field_key)
    return _address(post_id, field)


def base_revision() -> int | None:
    """The revision a form was made from; empty for an empty field."""
    return request.form.get("base_revision", type=int)


def _address(post_id: int, field: Field) -> str:
    return url_for("workflow.show", substage=field.substage_key, post_id=post_id, _anchor=f"field-{field.key}")


def _state(given: dict[str, Any]) -> dict[str, Any]:
    """What the templates look at, with nothing special to show unless it is given."""
    return {"drafts": {}, "notes": {}, "edits": {}, "focus": None, "notice": "", "undo": None} | given
