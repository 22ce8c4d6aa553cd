"""Models over the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Flag, Id, Line, Money, Price, Seconds, Whole
from blogforge_llm.api.registry.limits import limit
from blogforge_llm.records.registry import Model
from blogforge_llm.services.registry import models

bp = Blueprint(
    "models", __name__, url_prefix="/api/v1/llm/models", description="Models of the providers: window, prices, state."
)

_NAME = {"description": "As the provider spells it.", "example": "llama-3.3-70b-versatile"}
_WINDOW = {"description": "Tokens of prompt and answer together; null when not known.", "example": 131072}
_OUTPUT = {"description": "The longest answer in tokens; null when not known.", "example": 32768}
_PRICE = {"description": "USD per million tokens; null when not known.", "example": "0.59"}
_WAIT = {"description": "Seconds; null for the provider's default.", "example": 10}
_REFUSED = {"description": "Parameters it rejects; they are not sent to it.", "example": ["seed"]}


def _tokens(metadata: dict[str, Any]) -> fields.Integer:
    return Whole(allow_none=True, validate=validate.Range(min=1, max=2**31 - 1), metadata=metadata)


class Wait(Seconds):
    """How long to wait, as the service takes it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=models.LONGEST_WAIT_S, **kwargs)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """After the bounds were looked at, as the floats they are: the decimal 0.1 is less than the float 0.1."""
        seconds = super().deserialize(value, attr, data, **kwargs)
        return Decimal(str(seconds)) if isinstance(seconds, float) else seconds


class ModelIn(Schema):
    """What may be changed on a model."""

    name = Line(metadata=_NAME)
    context_window = _tokens(_WINDOW)
    max_output_tokens = _tokens(_OUTPUT)
    input_price = Price(allow_none=True, metadata=_PRICE)
    output_price = Price(allow_none=True, metadata=_PRICE)
    streams = Flag(metadata={"description": "Whether it can stream.", "example": True})
    sees_images = Flag(metadata={"example": False})
    writes_json = Flag(metadata={"example": True})
    refused_parameters = fields.List(fields.String(validate=validate.OneOf(models.PARAMETERS)), metadata=_REFUSED)
    is_ai = Flag(
        metadata={"description": "false for echo and the like, which stay out of statistics.", "example": True}
    )
    first_token_timeout_s = Wait(allow_none=True, metadata=_WAIT)
    idle_timeout_s = Wait(allow_none=True, metadata=_WAIT)
    requests_per_minute = limit("Most requests in a minute, for each key;", 30)
    tokens_per_minute = limit("Most tokens in a minute, for each key;", 6000)
    requests_per_day = limit("Most requests in a day, for each key;", 14400)
    tokens_per_day = limit("Most tokens in a day, for each key;", 500000)
    max_in_flight = limit("Most requests at the same time, for each key;", 8)
    is_enabled = Flag(data_key="enabled", metadata={"description": "Whether it is asked.", "example": True})


class NewModelIn(ModelIn):
    """A new model."""

    provider_id = Id(required=True, metadata={"example": 1})
    name = Line(required=True, metadata=_NAME)
    in_default_route = Flag(
        load_default=False,
        metadata={"description": "Put it at the end of the default route; the first model ever is put there anyway."},
    )


class ModelOut(Schema):
    """A model."""

    id = fields.Integer(metadata={"example": 1})
    provider_id = fields.Integer(metadata={"example": 1})
    provider = fields.String(attribute="provider_name", metadata={"example": "Groq"})
    name = fields.String(metadata=_NAME)
    context_window = fields.Integer(allow_none=True, metadata=_WINDOW)
    max_output_tokens = fields.Integer(allow_none=True, metadata=_OUTPUT)
    input_price = Money(allow_none=True, metadata=_PRICE)
    output_price = Money(allow_none=True, metadata=_PRICE)
    streams = fields.Boolean(metadata={"example": True})
    sees_images = fields.Boolean(metadata={"example": False})
    writes_json = fields.Boolean(metadata={"example": True})
    refused_parameters = fields.List(fields.String(), metadata=_REFUSED)
    is_ai = fields.Boolean(metadata={"example": True})
    first_token_timeout_s = fields.Float(allow_none=True, metadata=_WAIT)
    idle_timeout_s = fields.Float(allow_none=True, metadata=_WAIT)
    requests_per_minute = fields.Integer(allow_none=True, metadata={"example": 30})
    tokens_per_minute = fields.Integer(allow_none=True, metadata={"example": 6000})
    requests_per_day = fields.Integer(allow_none=True, metadata={"example": None})
    tokens_per_day = fields.Integer(allow_none=True, metadata={"example": None})
    max_in_flight = fields.Integer(allow_none=True, metadata={"example": None})
    enabled = fields.Boolean(attribute="is_enabled", metadata={"example": True})
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


@bp.route("")
class Models(MethodView):
    @bp.response(200, ModelOut(many=True))
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[Model]:
        """List models

        By provider.
        """
        with db.connection() as conn:
            pagination_parameters.item_count = models.count(conn)
            return models.list_all(conn, limit=pagination_parameters.page_size, offset=pagination_parameters.first_item)

    @bp.arguments(NewModelIn)
    @bp.response(201, ModelOut)
    @bp.alt_response(404, description="There is no such provider.")
    @bp.alt_response(409, description="The provider has a model of that name.")
    def post(self, data: dict[str, Any]) -> Model:
        """Add a model

        The first model ever makes the route *Default*.
        """
        with db.transaction() as conn:
            return models.create(conn, actor=current(), **data)


@bp.route("/<int:model_id>")
class ModelById(MethodView):
    @bp.response(200, ModelOut)
    @bp.alt_response(404, description="There is no such model.")
    def get(self, model_id: int) -> Model:
        """Get a model"""
        with db.transaction() as conn:
            return models.get(conn, model_id=model_id)

    @bp.arguments(ModelIn)
    @bp.response(200, ModelOut)
    @bp.alt_response(404, description="There is no such model.")
    @bp.alt_response(409, description="The provider has a model of that name.")
    def patch(self, data: dict[str, Any], model_id: int) -> Model:
        """Change a model

        Only what is sent changes.
        """
        with db.transaction() as conn:
            return models.update(conn, actor=current(), model_id=model_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="There is no such model.")
    @bp.alt_response(409, description="A route asks it; the detail names which.")
    def delete(self, model_id: int) -> None:
        """Archive a model

        What it answered stays.
        """
        with db.transaction() as conn:
            models.archive(conn, actor=current(), model_id=model_id)
