"""The settings over the API, for admins."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.records.accounts import Setting
from blogforge_llm.services.accounts import settings

bp = Blueprint("settings", __name__, url_prefix="/api/v1/settings", description="What holds for everybody.")


class SettingOut(Schema):
    """A setting with the value in force."""

    key = fields.String(required=True, metadata={"description": "Its name.", "example": "cors_origins"})
    group = fields.String(required=True, metadata={"description": "What it is about.", "example": "Access"})
    label = fields.String(required=True, metadata={"description": "What the page calls it."})
    description = fields.String(required=True, metadata={"description": "What it does."})
    kind = fields.String(
        required=True, metadata={"description": "boolean, integer or origins (a list).", "example": "origins"}
    )
    value = fields.Raw(required=True, metadata={"description": "In force.", "example": ["https://example.org"]})
    default = fields.Raw(required=True, metadata={"description": "What holds while nobody set it.", "example": []})
    updated_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When it was set; null for never."}
    )


class SettingIn(Schema):
    """A new value."""

    value = fields.Raw(
        required=True,
        allow_none=True,
        metadata={"description": "Of the setting's kind.", "example": ["https://example.org"]},
    )


@bp.route("", methods=["GET"])
@bp.response(200, SettingOut(many=True))
@bp.alt_response(403, description="Only admins may.")
@bp.paginate()
def index(pagination_parameters: Any) -> list[Setting]:
    """List settings"""
    page = pagination_parameters
    with db.transaction() as conn:
        found = settings.list_(conn, actor=authentication.current())
    page.item_count = len(found)
    return found[page.first_item : page.last_item + 1]


@bp.route("/<key>")
class SettingByKey(MethodView):
    @bp.response(200, SettingOut)
    @bp.alt_response(403, description="Only admins may.")
    @bp.alt_response(404, description="No such setting.")
    def get(self, key: str) -> Setting:
        """Show a setting"""
        with db.transaction() as conn:
            return settings.get(conn, actor=authentication.current(), key=key)

    @bp.arguments(SettingIn)
    @bp.response(200, SettingOut)
    @bp.alt_response(403, description="Only admins may.")
    @bp.alt_response(404, description="No such setting.")
    def put(self, data: dict[str, Any], key: str) -> Setting:
        """Set a setting

        It holds in all processes within seconds.
        """
        with db.transaction() as conn:
            return settings.update(conn, actor=authentication.current(), key=key, value=data["value"])
