"""The fields of a section over the API: what fields.py and suggestions.py are for those of a post."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial.fields import STALE, named_base, revision_page, value_out, values_out
from blogforge_llm.api.editorial.schemas import (
    CursorQuery,
    FieldIn,
    FieldOut,
    RestoreIn,
    RevisionPage,
    SuggestionIn,
    SuggestionOut,
    SuggestionPage,
)
from blogforge_llm.api.editorial.suggestions import ask, suggestion_page
from blogforge_llm.api.editorial.workflow_schemas import ArchivedQuery
from blogforge_llm.records.editorial import Suggestion
from blogforge_llm.services.editorial import fields, revisions, sections

bp = Blueprint(
    "section_fields", __name__, url_prefix="/api/v1/sections/<int:section_id>/fields", description="What sections say."
)


def section_place(conn: db.Connection, section_id: int, field_key: str) -> dict[str, Any]:
    post_id = sections.post_of(conn, section_id=section_id)
    return {"post_id": post_id, "section_id": section_id, "field_key": field_key}


@bp.get("")
@bp.arguments(ArchivedQuery, location="query")
@bp.response(200, FieldOut(many=True))
@bp.alt_response(404, description="No such section.")
def index(query: dict[str, Any], section_id: int) -> list[dict[str, Any]]:
    """List all fields of a section

    With `archived` instead those texts whose fields the workflow no longer has.
    """
    look = fields.list_archived if query["archived"] else fields.list_values
    with db.transaction() as conn:
        post_id = sections.post_of(conn, section_id=section_id)
        return values_out(conn, look(conn, post_id=post_id, section_id=section_id), post_id)


@bp.route("/<field_key>")
class SectionField(MethodView):
    @bp.response(200, FieldOut)
    @bp.alt_response(404, description="No such section or field.")
    def get(self, section_id: int, field_key: str) -> dict[str, Any]:
        """Get a field of a section"""
        with db.transaction() as conn:
            return value_out(conn, **section_place(conn, section_id, field_key))

    @bp.arguments(FieldIn)
    @bp.response(200, FieldOut)
    @bp.alt_response(404, description="No such section or field.")
    @bp.alt_response(409, description=STALE)
    @bp.alt_response(428, description="`base_revision` was not named.")
    def put(self, data: dict[str, Any], section_id: int, field_key: str) -> dict[str, Any]:
        """Write a field of a section

        Compare-and-set, as for a field of a post.
        """
        base = named_base(data)
        with db.transaction() as conn:
            place = section_place(conn, section_id, field_key)
            fields.save(conn, actor=current(), **place, text=data["text"], base_revision_id=base)
            return value_out(conn, **place)


@bp.get("/<field_key>/revisions")
@bp.arguments(CursorQuery, location="query")
@bp.response(200, RevisionPage)
@bp.alt_response(404, description="No such section or field.")
def list_revisions(query: dict[str, Any], section_id: int, field_key: str) -> dict[str, Any]:
    """List the history of a section's field, the newest first"""
    with db.transaction() as conn:
        return revision_page(conn, query, **section_place(conn, section_id, field_key))


@bp.post("/<field_key>/revisions/<int:revision_id>/restore")
@bp.arguments(RestoreIn)
@bp.response(200, FieldOut)
@bp.alt_response(404, description="No such section, field or revision.")
@bp.alt_response(409, description=STALE)
@bp.alt_response(428, description="`base_revision` was not named.")
def restore(data: dict[str, Any], section_id: int, field_key: str, revision_id: int) -> dict[str, Any]:
    """Restore an older text of a section's field as a new revision"""
    base = named_base(data)
    with db.transaction() as conn:
        place = section_place(conn, section_id, field_key)
        revisions.restore(conn, actor=current(), **place, revision_id=revision_id, base_revision_id=base)
        return value_out(conn, **place)


@bp.post("/<field_key>/suggestions")
@bp.arguments(SuggestionIn)
@bp.response(202, SuggestionOut(many=True))
@bp.alt_response(404, description="No such section or field.")
@bp.alt_response(409, description="The section or its post is deleted, or the action's template archived.")
def create_suggestions(data: dict[str, Any], section_id: int, field_key: str) -> list[Suggestion]:
    """Ask a model for a text of a section

    The prompt is filled from the section's fields and items, from the post's fields, and with what the other sections
    cover.
    """
    with db.transaction() as conn:
        return ask(conn, data, **section_place(conn, section_id, field_key))


@bp.get("/<field_key>/suggestions")
@bp.arguments(CursorQuery, location="query")
@bp.response(200, SuggestionPage)
@bp.alt_response(404, description="No such section or field.")
def list_suggestions(query: dict[str, Any], section_id: int, field_key: str) -> dict[str, Any]:
    """List all suggestions a section's field ever had, the newest first"""
    with db.transaction() as conn:
        return suggestion_page(conn, query, **section_place(conn, section_id, field_key))
