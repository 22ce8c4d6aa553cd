"""Suggestions over the API: asked for, read, accepted, discarded."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial.schemas import AcceptIn, CursorQuery, SuggestionIn, SuggestionOut, SuggestionPage
from blogforge_llm.records.editorial import Suggestion
from blogforge_llm.services.editorial import plans, suggestions

bp = Blueprint("suggestions", __name__, url_prefix="/api/v1", description="Texts that models offer to fields.")


@bp.post("/posts/<int:post_id>/fields/<field_key>/suggestions")
@bp.arguments(SuggestionIn)
@bp.response(202, SuggestionOut(many=True))
@bp.alt_response(404, description="No such post or field.")
@bp.alt_response(409, description="The post is deleted, or the action's template archived.")
def create(data: dict[str, Any], post_id: int, field_key: str) -> list[Suggestion]:
    """Ask a model for a field's text

    The prompt is filled from the post's fields. The field stays as it is until a suggestion is accepted.
    """
    route, model = data.pop("route", None), data.pop("model", None)
    with db.transaction() as conn:
        asked: dict[str, Any] = data | plans.whom(conn, route=route, model=model)
        return suggestions.create(conn, actor=current(), post_id=post_id, field_key=field_key, **asked)


@bp.get("/posts/<int:post_id>/fields/<field_key>/suggestions")
@bp.arguments(CursorQuery, location="query")
@bp.response(200, SuggestionPage)
@bp.alt_response(404, description="No such post or field.")
def index(query: dict[str, Any], post_id: int, field_key: str) -> dict[str, Any]:
    """List all suggestions a field ever had, the newest first"""
    limit = query["limit"]
    with db.transaction() as conn:
        rows = suggestions.list_(
            conn, post_id=post_id, field_key=field_key, before_id=query.get("after"), limit=limit + 1
        )
    return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}


@bp.get("/suggestions/<int:suggestion_id>")
@bp.response(200, SuggestionOut)
@bp.alt_response(404, description="No such suggestion.")
def show(suggestion_id: int) -> Suggestion:
    """Get a suggestion"""
    with db.transaction() as conn:
        return suggestions.get(conn, suggestion_id=suggestion_id)


@bp.post("/suggestions/<int:suggestion_id>/accept")
@bp.arguments(AcceptIn, required=False)
@bp.response(200, SuggestionOut)
@bp.alt_response(404, description="No such suggestion.")
@bp.alt_response(409, description="The field moved on, or somebody decided before; `current` tells what is there.")
def accept(data: dict[str, Any], suggestion_id: int) -> Suggestion:
    """Accept a suggestion

    Compare-and-set: its text, or yours made from it, becomes the field's newest revision if the field is still what the
    suggestion was made from. After a 409 name the current revision as `base_revision` to write over it. What else waits
    in the field is put away (`passed_over_for` names this one); `reopen` takes it all back.
    """
    base = {"base_revision_id": data["base_revision"]} if "base_revision" in data else {}
    with db.transaction() as conn:
        suggestions.accept(conn, actor=current(), suggestion_id=suggestion_id, text=data.get("text"), **base)
        return suggestions.get(conn, suggestion_id=suggestion_id)


@bp.post("/suggestions/<int:suggestion_id>/reopen")
@bp.response(200, SuggestionOut)
@bp.alt_response(404, description="No such suggestion.")
@bp.alt_response(409, description="It was not accepted, or the field moved on since.")
def reopen(suggestion_id: int) -> Suggestion:
    """Take an acceptance back

    The text before it becomes the field's newest revision again, and the suggestions it put away are open again.
    """
    with db.transaction() as conn:
        return suggestions.reopen(conn, actor=current(), suggestion_id=suggestion_id)


@bp.post("/suggestions/<int:suggestion_id>/discard")
@bp.response(200, SuggestionOut)
@bp.alt_response(404, description="No such suggestion.")
@bp.alt_response(409, description="It was accepted before.")
def discard(suggestion_id: int) -> Suggestion:
    """Discard a suggestion

    One that is still being written is stopped.
    """
    with db.transaction() as conn:
        return suggestions.discard(conn, actor=current(), suggestion_id=suggestion_id)
