"""Keys of providers over the API. No answer ever carries a secret."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Flag, Id, Secret, Text
from blogforge_llm.records.registry import ProviderKey
from blogforge_llm.services.registry import keys

bp = Blueprint(
    "keys", __name__, url_prefix="/api/v1/llm/keys", description="API keys of providers: shared ones, and your own."
)

_NAME = {"description": "To tell one key from another.", "example": "Team key"}
_SECRET = {"description": "The key itself. Stored encrypted and never returned.", "example": "gsk_0123456789"}


class NewKeyIn(Schema):
    """A new key."""

    provider_id = Id(required=True, metadata={"example": 1})
    api_key = Secret(required=True, load_only=True, metadata=_SECRET)
    name = Text(load_default="", validate=validate.Length(max=200), metadata=_NAME)
    is_personal = Flag(
        data_key="personal",
        load_default=False,
        metadata={"description": "Only for your own tasks and seen by nobody else. Shared keys are for admins."},
    )


class KeyIn(Schema):
    """What may be changed on a key."""

    name = Text(validate=validate.Length(max=200), metadata=_NAME)
    is_enabled = Flag(data_key="enabled", metadata={"description": "Whether it is used.", "example": True})
    api_key = Secret(load_only=True, metadata=_SECRET)


class KeyOut(Schema):
    """A key without its secret."""

    id = fields.Integer(metadata={"example": 1})
    provider_id = fields.Integer(metadata={"example": 1})
    provider = fields.String(attribute="provider_name", metadata={"example": "Groq"})
    personal = fields.Function(lambda key: key.user_id is not None, metadata={"type": "boolean", "example": False})
    name = fields.String(metadata={"example": "Team key"})
    hint = fields.String(metadata={"description": "Its last four characters.", "example": "x7Qf"})
    enabled = fields.Boolean(attribute="is_enabled", metadata={"example": True})
    created_by = fields.String(attribute="created_by_name", allow_none=True, metadata={"example": "Ann"})
    created_at = fields.AwareDateTime()
    last_used_at = fields.AwareDateTime(allow_none=True)


@bp.route("")
class Keys(MethodView):
    @bp.response(200, KeyOut(many=True))
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[ProviderKey]:
        """List keys

        Your own; for admins the shared ones too.
        """
        with db.connection() as conn:
            pagination_parameters.item_count = keys.count_visible(conn, actor=current())
            return keys.list_visible(
                conn,
                actor=current(),
                limit=pagination_parameters.page_size,
                offset=pagination_parameters.first_item,
            )

    @bp.arguments(NewKeyIn)
    @bp.response(201, KeyOut)
    @bp.alt_response(403, description="Only admins keep shared keys.")
    @bp.alt_response(404, description="There is no such provider.")
    def post(self, data: dict[str, Any]) -> ProviderKey:
        """Add a key"""
        with db.transaction() as conn:
            return keys.create(conn, actor=current(), **data)


@bp.route("/<int:key_id>")
class KeyById(MethodView):
    @bp.response(200, KeyOut)
    @bp.alt_response(404, description="There is no such key, or it is somebody else's.")
    def get(self, key_id: int) -> ProviderKey:
        """Get a key"""
        with db.transaction() as conn:
            return keys.get(conn, actor=current(), key_id=key_id)

    @bp.arguments(KeyIn)
    @bp.response(200, KeyOut)
    @bp.alt_response(404, description="There is no such key, or it is somebody else's.")
    def patch(self, data: dict[str, Any], key_id: int) -> ProviderKey:
        """Change a key

        Only what is sent changes; a new `api_key` replaces the old one.
        """
        with db.transaction() as conn:
            return keys.update(conn, actor=current(), key_id=key_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="There is no such key, or it is somebody else's.")
    def delete(self, key_id: int) -> None:
        """Delete a key

        For good: its secret is gone.
        """
        with db.transaction() as conn:
            keys.delete(conn, actor=current(), key_id=key_id)
