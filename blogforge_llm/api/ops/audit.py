"""/api/v1/audit: who changed what in this installation."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.api.fields import After, Limit, Line
from blogforge_llm.records.ops import AuditEntry, AuditFilter
from blogforge_llm.services.ops import audit

bp = Blueprint("audit", __name__, url_prefix="/api/v1/audit", description="Who changed what, and when. For admins.")


class AuditQuery(Schema):
    """Which entries; what is left out asks for nothing."""

    user_id = After(metadata={"description": "Whose.", "example": 1})
    noun = Line(metadata={"description": "Of what kind: provider, model, setting, user, …", "example": "provider"})
    action = Line(metadata={"description": "A verb: create, update, archive, publish, …", "example": "update"})
    since = fields.AwareDateTime(metadata={"description": "At this time or later."})
    until = fields.AwareDateTime(metadata={"description": "Before this time."})
    after = After(metadata={"description": "`next` of the page before."})
    limit = Limit()


class AuditEntryOut(Schema):
    """One deed."""

    id = fields.Integer(required=True, metadata={"example": 7})
    at = fields.AwareDateTime(required=True)
    user_id = fields.Integer(required=True, allow_none=True, metadata={"description": "null: gone, or the terminal."})
    user = fields.String(
        required=True, attribute="user_name", metadata={"description": "As called then; empty for the terminal."}
    )
    action = fields.String(required=True, metadata={"example": "update"})
    noun = fields.String(required=True, metadata={"example": "provider"})
    noun_id = fields.String(required=True, metadata={"description": "Its id or name.", "example": "3"})
    detail = fields.String(required=True, metadata={"description": "What it was, as called then.", "example": "Groq"})
    changes = fields.Dict(
        required=True,
        keys=fields.String(),
        values=fields.List(fields.Raw(allow_none=True)),
        metadata={"description": "Before and after, by member; never a secret.", "example": {"name": ["Groq", "G"]}},
    )
    request_id = fields.String(required=True, allow_none=True)


class AuditPage(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(AuditEntryOut), required=True)
    next = fields.Integer(required=True, allow_none=True, metadata={"description": "For `after`; null at the end."})


@bp.get("")
@bp.arguments(AuditQuery, location="query")
@bp.response(200, AuditPage)
@bp.alt_response(403, description="Only admins may.")
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List entries of the audit log, the newest first"""
    limit, before_id = query.pop("limit"), query.pop("after", None)
    with db.connection() as conn:
        rows = audit.list_(
            conn, actor=authentication.current(), chosen=AuditFilter(**query), before_id=before_id, limit=limit + 1
        )
    return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}


@bp.get("/<int:entry_id>")
@bp.response(200, AuditEntryOut)
@bp.alt_response(403, description="Only admins may.")
@bp.alt_response(404, description="No such entry.")
def show(entry_id: int) -> AuditEntry:
    """Show one entry"""
    with db.connection() as conn:
        return audit.get(conn, actor=authentication.current(), entry_id=entry_id)
