"""Prices of a model over the API."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Money
from blogforge_llm.api.fields import Price as PriceField
from blogforge_llm.records.registry import Price
from blogforge_llm.services.registry import models, prices

bp = Blueprint(
    "prices", __name__, url_prefix="/api/v1/llm/models",
    description="What a model costs, from a moment on. A call is paid at the price that held when it began.",
)  # fmt: skip

_PRICE = {"description": "USD per million tokens; null when not known, 0 when free.", "example": "0.59"}


class NewModelPriceIn(Schema):
    """A price from now on, or from a moment to come."""

    input_price = PriceField(load_default=None, allow_none=True, metadata=_PRICE)
    output_price = PriceField(load_default=None, allow_none=True, metadata=_PRICE)
    valid_from = fields.AwareDateTime(
        load_default=None, allow_none=True,
        metadata={"description": "With its time zone; null is now.", "example": "2027-01-01T00:00:00Z"},
    )  # fmt: skip


class ModelPriceOut(Schema):
    """A price. It holds until the next one begins."""

    id = fields.Integer(metadata={"example": 1})
    input_price = Money(allow_none=True, metadata=_PRICE)
    output_price = Money(allow_none=True, metadata=_PRICE)
    valid_from = fields.AwareDateTime()
    valid_until = fields.AwareDateTime(allow_none=True, metadata={"description": "null: until there is another."})
    current = fields.Boolean(attribute="is_current", metadata={"description": "Whether it holds now.", "example": True})
    created_by = fields.String(attribute="created_by_name", allow_none=True, metadata={"example": "Ada"})
    created_at = fields.AwareDateTime()


@bp.route("/<int:model_id>/prices")
class Prices(MethodView):
    @bp.response(200, ModelPriceOut(many=True))
    @bp.alt_response(404, description="There is no such model.")
    def get(self, model_id: int) -> list[Price]:
        """List a model's prices

        The latest first, those that have not begun included.
        """
        with db.transaction() as conn:
            return prices.list_of(conn, model_id=models.get(conn, model_id=model_id).id)

    @bp.arguments(NewModelPriceIn, required=False)
    @bp.response(201, ModelPriceOut)
    @bp.alt_response(403, description="Only admins set prices.")
    @bp.alt_response(404, description="There is no such model.")
    @bp.alt_response(409, description="Another price begins at that very moment.")
    def post(self, data: dict[str, Any], model_id: int) -> Price:
        """Add a price

        From now on or from a moment to come; a moment that has passed is refused.
        """
        with db.transaction() as conn:
            return prices.create(conn, actor=current(), model=models.get(conn, model_id=model_id), **data)


@bp.route("/<int:model_id>/prices/<int:price_id>")
class PriceById(MethodView):
    @bp.response(204)
    @bp.alt_response(403, description="Only admins delete prices.")
    @bp.alt_response(404, description="There is no such price.")
    @bp.alt_response(409, description="It has begun, and calls may have been paid at it.")
    def delete(self, model_id: int, price_id: int) -> None:
        """Delete a price that has not begun"""
        with db.transaction() as conn:
            prices.delete(conn, actor=current(), model=models.get(conn, model_id=model_id), price_id=price_id)
