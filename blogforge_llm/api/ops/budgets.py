"""Budgets over the API."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Flag, Id, Money, Price, Share, ShareIn
from blogforge_llm.records.ops import Budget, BudgetPeriod, BudgetScope
from blogforge_llm.services.ops import budgets

bp = Blueprint(
    "budgets", __name__, url_prefix="/api/v1/llm/budgets",
    description="How much may be spent. Checked before every call, retries and fallbacks included. For admins.",
)  # fmt: skip

_AMOUNT = {"description": "USD. 0 allows nothing but free models.", "example": "50"}
_SHARE = {"description": "Of the amount; people are warned from here on.", "example": "0.8"}
_UNPRICED = {"description": "Whether models whose price is not known are not asked at all.", "example": False}
_PERIOD = {"description": "Of the calendar, in UTC; `ever` never starts anew.", "example": "month"}


class BudgetIn(Schema):
    """What may be changed on a budget."""

    amount = Price(metadata=_AMOUNT)
    warn_share = ShareIn(metadata=_SHARE)
    refuses_unpriced = Flag(metadata=_UNPRICED)


class NewBudgetIn(BudgetIn):
    """A new budget."""

    rules = {"not": {"properties": {"scope": {"const": "user"}}, "not": {"required": ["user_id"]}}}

    scope = fields.String(
        required=True,
        validate=validate.OneOf([scope.value for scope in budgets.SCOPES]),
        metadata={"description": "Everybody together, each user, or one user (whose own stands instead).",
                  "example": "instance"},
    )  # fmt: skip
    period = fields.String(
        required=True, validate=validate.OneOf([period.value for period in BudgetPeriod]), metadata=_PERIOD
    )
    user_id = Id(metadata={"description": "With the scope `user`.", "example": 3})
    amount = Price(required=True, metadata=_AMOUNT)


class BudgetOut(Schema):
    """A budget and what was spent of it; for `each_user`, by the user who spent most."""

    id = fields.Integer(metadata={"example": 1})
    scope = fields.String(
        validate=validate.OneOf([scope.value for scope in BudgetScope]), metadata={"example": "instance"}
    )
    user_id = fields.Integer(allow_none=True, metadata={"example": None})
    user = fields.String(attribute="user_name", allow_none=True, metadata={"example": None})
    batch_id = fields.Integer(allow_none=True, metadata={"example": None})
    period = fields.String(metadata=_PERIOD)
    period_start = fields.Date(attribute="since", metadata={"description": "The first day that counts, in UTC."})
    period_end = fields.Date(
        attribute="until", allow_none=True, metadata={"description": "The day on which it starts anew; null: never."}
    )
    amount = Money(metadata=_AMOUNT)
    spent = Money(metadata={"description": "Since the period began.", "example": "12.5"})
    held = Money(metadata={"description": "What calls that run now may cost at most.", "example": "0.02"})
    remaining = Money(metadata={"description": "Of the amount, 0 or more.", "example": "37.5"})
    top_user = fields.String(
        attribute="top_user_name", allow_none=True, metadata={"description": "Whose `spent` it is, for `each_user`."}
    )
    state = fields.String(validate=validate.OneOf(["ok", "warning", "spent"]), metadata={"example": "ok"})
    warn_share = Share(metadata=_SHARE)
    refuses_unpriced = fields.Boolean(metadata=_UNPRICED)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


@bp.route("")
class Budgets(MethodView):
    @bp.response(200, BudgetOut(many=True))
    @bp.alt_response(403, description="Only admins see budgets.")
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[Budget]:
        """List budgets

        The installation's first, then everybody's, then those of users and of batches.
        """
        with db.connection() as conn:
            found = budgets.list_all(conn, actor=current())
        pagination_parameters.item_count = len(found)
        return found[pagination_parameters.first_item : pagination_parameters.last_item + 1]

    @bp.arguments(NewBudgetIn)
    @bp.response(201, BudgetOut)
    @bp.alt_response(403, description="Only admins set budgets.")
    @bp.alt_response(404, description="There is no such user.")
    @bp.alt_response(409, description="There is one for this scope, user and period.")
    def post(self, data: dict[str, Any]) -> Budget:
        """Set a budget

        It holds from the next call on, and what was spent since its period began counts.
        """
        with db.transaction() as conn:
            return budgets.create(conn, actor=current(), **data)


@bp.route("/<int:budget_id>")
class BudgetById(MethodView):
    @bp.response(200, BudgetOut)
    @bp.alt_response(403, description="Only admins see budgets.")
    @bp.alt_response(404, description="There is no such budget.")
    def get(self, budget_id: int) -> Budget:
        """Get a budget"""
        with db.connection() as conn:
            return budgets.get(conn, actor=current(), budget_id=budget_id)

    @bp.arguments(BudgetIn)
    @bp.response(200, BudgetOut)
    @bp.alt_response(403, description="Only admins change budgets.")
    @bp.alt_response(404, description="There is no such budget.")
    @bp.alt_response(409, description="It belongs to a batch.")
    def patch(self, data: dict[str, Any], budget_id: int) -> Budget:
        """Change a budget

        Only what is sent changes; it holds from the next call on.
        """
        with db.transaction() as conn:
            return budgets.update(conn, actor=current(), budget_id=budget_id, **data)

    @bp.response(204)
    @bp.alt_response(403, description="Only admins delete budgets.")
    @bp.alt_response(404, description="There is no such budget.")
    @bp.alt_response(409, description="It belongs to a batch.")
    def delete(self, budget_id: int) -> None:
        """Delete a budget

        Nothing stands in the way of these calls any more.
        """
        with db.transaction() as conn:
            budgets.delete(conn, actor=current(), budget_id=budget_id)
