"""Where a text stands: a field of a post, or of one of its sections. Views of both are the same; a place is what their
URL names, as the services take it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, url_for

from blogforge_llm import db
from blogforge_llm.records.editorial import Field, Scope, Suggestion
from blogforge_llm.services.editorial import workflow

Place = dict[str, Any]
"""post_id, field_key, and section_id for a section's field."""

_POST = "/posts/<int:post_id>/fields/<field_key>"
_SECTION = "/posts/<int:post_id>/sections/<int:section_id>/fields/<field_key>"

View = Callable[..., Any]


def route(bp: Blueprint, rule: str = "", *, method: str = "GET") -> Callable[[View], View]:
    """The view at `rule` under both kinds of place; its arguments are the place."""

    def add(view: View) -> View:
        for base in (_POST, _SECTION):
            bp.add_url_rule(base + rule, view_func=view, methods=[method])
        return view

    return add


def of(suggestion: Suggestion) -> Place:
    place = {"post_id": suggestion.post_id, "field_key": suggestion.field_key}
    return place if suggestion.section_id is None else place | {"section_id": suggestion.section_id}


def address(place: Place) -> str:
    """The page that shows the field, at the field."""
    with db.transaction() as conn:
        field = workflow.get_field(conn, key=place["field_key"])
    return field_url(field, place["post_id"], place.get("section_id"))


def field_url(field: Field, post_id: int, section_id: int | None = None) -> str:
    """The same for templates, which have the field."""
    return place_url(post_id, section_id, field.key, field.scope, field.substage_key)


def place_url(post_id: int, section_id: int | None, field_key: str, scope: Scope, substage_key: str) -> str:
    anchor = f"field-{field_key}"
    if section_id is not None:
        return url_for("sections.show", post_id=post_id, section_id=section_id, _anchor=anchor)
    if scope == Scope.BOARD:
        return url_for("board.show", post_id=post_id)
    return url_for("workflow.show", substage=substage_key, post_id=post_id, _anchor=anchor)
