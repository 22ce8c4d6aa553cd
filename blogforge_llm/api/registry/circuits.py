"""Circuits over the API: what rests and why, and moving them by hand."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Text
from blogforge_llm.records.registry import Circuit
from blogforge_llm.services.registry import circuits

bp = Blueprint(
    "circuits", __name__, url_prefix="/api/v1/llm/circuits",
    description="What is not asked for now, why, and until when.",
)  # fmt: skip


class OpeningIn(Schema):
    """Why it is stopped."""

    note = Text(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "Shown to whoever wonders why.", "example": "Billing is being sorted out"},
    )


class CircuitOut(Schema):
    """Whether something may be asked. One that is closed is asked as usual."""

    name = fields.String(
        metadata={"description": "What it is of: provider:2, model:7, key:3, model:7@key:3.", "example": "model:7"}
    )
    kind = fields.String(metadata={"description": "provider, model, key or model_key.", "example": "model"})
    provider_id = fields.Integer(metadata={"example": 2})
    provider = fields.String(attribute="provider_name", metadata={"example": "Groq"})
    model_id = fields.Integer(allow_none=True, metadata={"example": 7})
    model = fields.String(attribute="model_name", allow_none=True, metadata={"example": "llama-3.3-70b-versatile"})
    key_id = fields.Integer(allow_none=True, metadata={"example": None})
    key = fields.String(attribute="key_name", allow_none=True, metadata={"example": None})
    state = fields.String(metadata={"description": "closed, open or half_open.", "example": "open"})
    category = fields.String(
        allow_none=True, metadata={"description": "Of the failure that opened it.", "example": "overloaded"}
    )
    reason = fields.Function(circuits.reason, metadata={"type": "string", "example": "overloaded"})
    by_hand = fields.Boolean(attribute="is_by_hand", metadata={"example": False})
    opened_by = fields.String(attribute="opened_by_name", allow_none=True, metadata={"example": None})
    note = fields.String(metadata={"example": ""})
    failures = fields.Integer(metadata={"description": "In a row.", "example": 2})
    since = fields.AwareDateTime(allow_none=True)
    until = fields.AwareDateTime(
        allow_none=True, metadata={"description": "When the next call is let through; null: when somebody closes it."}
    )


@bp.route("")
class Circuits(MethodView):
    @bp.response(200, CircuitOut(many=True))
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[Circuit]:
        """List circuits

        One for every provider, model and key you may see, and for models that rest with one key only.
        """
        with db.connection() as conn:
            found = circuits.list_all(conn, actor=current())
        pagination_parameters.item_count = len(found)
        return found[pagination_parameters.first_item : pagination_parameters.last_item + 1]


@bp.route("/<string:name>")
class CircuitByName(MethodView):
    @bp.response(200, CircuitOut)
    @bp.alt_response(404, description="There is no such circuit.")
    def get(self, name: str) -> Circuit:
        """Get a circuit"""
        with db.connection() as conn:
            return circuits.get(conn, actor=current(), name=name)


@bp.route("/<string:name>/open", methods=["POST"])
@bp.arguments(OpeningIn, required=False)
@bp.response(200, CircuitOut)
@bp.alt_response(403, description="Only admins stop calls.")
@bp.alt_response(404, description="There is no such circuit.")
def open_(data: dict[str, Any], name: str) -> Circuit:
    """Stop asking it

    Until somebody closes the circuit; no success closes it.
    """
    with db.transaction() as conn:
        return circuits.open_(conn, actor=current(), name=name, **data)


@bp.route("/<string:name>/close", methods=["POST"])
@bp.response(200, CircuitOut)
@bp.alt_response(403, description="Only admins allow calls.")
@bp.alt_response(404, description="There is no such circuit.")
def close(name: str) -> Circuit:
    """Ask it again

    From now on, whatever opened the circuit.
    """
    with db.transaction() as conn:
        return circuits.close(conn, actor=current(), name=name)
