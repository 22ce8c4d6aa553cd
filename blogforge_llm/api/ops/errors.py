"""/api/v1/errors: what nobody foresaw, in groups. For admins."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.records.ops import ErrorGroup, ErrorSource, ErrorState
from blogforge_llm.services.ops import errors

bp = Blueprint("errors", __name__, url_prefix="/api/v1/errors", description="What nobody foresaw. For admins.")

_STATE = validate.OneOf([state.value for state in ErrorState])
_SOURCE = validate.OneOf([source.value for source in ErrorSource])


class ErrorQuery(Schema):
    """Which groups."""

    state = fields.String(load_default="open", validate=_STATE)
    source = fields.String(validate=_SOURCE, metadata={"description": "Where it happened.", "example": "api"})


class ErrorStateIn(Schema):
    """What becomes of it."""

    state = fields.String(
        required=True,
        validate=_STATE,
        metadata={"description": "resolved opens again with the next one; muted stays.", "example": "resolved"},
    )


class ErrorGroupOut(Schema):
    """Errors of one type at one place."""

    id = fields.Integer(required=True, metadata={"example": 3})
    source = fields.String(required=True, validate=_SOURCE)
    kind = fields.String(required=True, metadata={"description": "The exception's type.", "example": "KeyError"})
    place = fields.String(required=True, metadata={"description": "File and function."})
    message = fields.String(required=True, metadata={"description": "Of the newest one, without secrets."})
    occurrences = fields.Integer(required=True, metadata={"example": 12})
    state = fields.String(required=True, validate=_STATE)
    first_at = fields.AwareDateTime(required=True)
    last_at = fields.AwareDateTime(required=True)


class ErrorSampleOut(Schema):
    """One of them."""

    at = fields.AwareDateTime(required=True)
    request_id = fields.String(required=True, allow_none=True)
    method = fields.String(required=True, allow_none=True, metadata={"example": "GET"})
    path = fields.String(required=True, allow_none=True)
    user = fields.String(required=True, allow_none=True, attribute="user_name")
    message = fields.String(required=True)
    trace = fields.String(required=True, metadata={"description": "Places and code, no values."})


class ErrorWithSamplesOut(ErrorGroupOut):
    """A group with its newest samples."""

    samples = fields.List(fields.Nested(ErrorSampleOut), required=True)


@bp.route("")
class Errors(MethodView):
    @bp.arguments(ErrorQuery, location="query")
    @bp.response(200, ErrorGroupOut(many=True))
    @bp.alt_response(403, description="Only admins may.")
    @bp.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[ErrorGroup]:
        """List errors

        In groups, the last seen first.
        """
        source = ErrorSource(query["source"]) if "source" in query else None
        chosen: dict[str, Any] = {"state": ErrorState(query["state"]), "source": source}
        page, actor = pagination_parameters, authentication.current()
        with db.transaction() as conn:
            page.item_count = errors.count(conn, actor=actor, **chosen)
            return errors.list_(conn, actor=actor, limit=page.page_size, offset=page.first_item, **chosen)


@bp.route("/<int:group_id>")
class ErrorById(MethodView):
    @bp.response(200, ErrorWithSamplesOut)
    @bp.alt_response(403, description="Only admins may.")
    @bp.alt_response(404, description="No such error.")
    def get(self, group_id: int) -> dict[str, Any]:
        """Show an error with its newest samples"""
        actor = authentication.current()
        with db.transaction() as conn:
            group = errors.get(conn, actor=actor, group_id=group_id)
            samples = errors.list_samples(conn, actor=actor, group_id=group_id)
        named = {name: getattr(group, name) for name in ("source", "kind", "place", "message", "occurrences", "state")}
        times = {"id": group.id, "first_at": group.first_at, "last_at": group.last_at}
        return named | times | {"samples": samples}

    @bp.arguments(ErrorStateIn)
    @bp.response(200, ErrorGroupOut)
    @bp.alt_response(403, description="Only admins may.")
    @bp.alt_response(404, description="No such error.")
    def patch(self, data: dict[str, Any], group_id: int) -> ErrorGroup:
        """Resolve, mute or open an error again"""
        with db.transaction() as conn:
            return errors.set_state(
                conn, actor=authentication.current(), group_id=group_id, state=ErrorState(data["state"])
            )
