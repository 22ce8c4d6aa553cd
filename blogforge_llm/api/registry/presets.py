"""Presets over the API."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import LARGEST, Line, Real, Text, Whole
from blogforge_llm.records.registry import Preset
from blogforge_llm.services.registry import presets

bp = Blueprint("presets", __name__, url_prefix="/api/v1/llm/presets", description="Parameters kept under a name.")

_NAME = {"description": "Unique, in any case of letters.", "example": "Careful"}


class PresetParameters(Schema):
    """Sampling parameters; what is left out is not sent to the model."""

    temperature = Real(
        validate=validate.Range(min=0, max=2),
        metadata={"description": "0 is steady, 2 is wild.", "example": 0.7},
    )
    top_p = Real(
        validate=validate.Range(min=0, max=1),
        metadata={"description": "Only the likeliest tokens that make up this share.", "example": 0.9},
    )
    max_tokens = Whole(
        validate=validate.Range(min=1, max=10_000_000),
        metadata={"description": "The longest answer.", "example": 800},
    )
    stop = fields.List(
        Text(validate=validate.Length(max=200)),
        validate=validate.Length(max=4),
        metadata={"description": "Texts that end the answer.", "example": ["###"]},
    )
    seed = Whole(
        validate=validate.Range(-LARGEST, LARGEST),
        metadata={"description": "For answers that can be repeated, where a model allows it.", "example": 7},
    )


class PresetIn(Schema):
    """What may be changed on a preset."""

    name = Line(max_length=100, metadata=_NAME)
    parameters = fields.Nested(PresetParameters, metadata={"description": "Replaces all parameters."})


class NewPresetIn(Schema):
    """A new preset."""

    name = Line(required=True, max_length=100, metadata=_NAME)
    parameters = fields.Nested(PresetParameters, required=True)


class PresetOut(Schema):
    """A preset."""

    id = fields.Integer(metadata={"example": 1})
    name = fields.String(metadata=_NAME)
    parameters = fields.Nested(PresetParameters)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


@bp.route("")
class Presets(MethodView):
    @bp.response(200, PresetOut(many=True))
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[Preset]:
        """List presets

        By name.
        """
        with db.connection() as conn:
            pagination_parameters.item_count = presets.count(conn)
            return presets.list_all(
                conn, limit=pagination_parameters.page_size, offset=pagination_parameters.first_item
            )

    @bp.arguments(NewPresetIn)
    @bp.response(201, PresetOut)
    @bp.alt_response(409, description="The name is taken.")
    def post(self, data: dict[str, Any]) -> Preset:
        """Create a preset"""
        with db.transaction() as conn:
            return presets.create(conn, actor=current(), **data)


@bp.route("/<int:preset_id>")
class PresetById(MethodView):
    @bp.response(200, PresetOut)
    @bp.alt_response(404, description="There is no such preset.")
    def get(self, preset_id: int) -> Preset:
        """Get a preset"""
        with db.transaction() as conn:
            return presets.get(conn, preset_id=preset_id)

    @bp.arguments(PresetIn)
    @bp.response(200, PresetOut)
    @bp.alt_response(404, description="There is no such preset.")
    @bp.alt_response(409, description="The name is taken.")
    def patch(self, data: dict[str, Any], preset_id: int) -> Preset:
        """Change a preset

        Only what is sent changes.
        """
        with db.transaction() as conn:
            return presets.update(conn, actor=current(), preset_id=preset_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="There is no such preset.")
    @bp.alt_response(409, description="An action uses it; the detail names which.")
    def delete(self, preset_id: int) -> None:
        """Delete a preset

        Tasks keep the parameters they were sent with.
        """
        with db.transaction() as conn:
            presets.delete(conn, actor=current(), preset_id=preset_id)
