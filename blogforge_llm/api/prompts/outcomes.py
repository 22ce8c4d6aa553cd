"""/api/v1/llm/outcomes: what became of suggestions, by template, version and model."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.records.outcomes import Outcome
from blogforge_llm.services.prompts import outcomes
from blogforge_llm.services.prompts.outcomes import By

bp = Blueprint("outcomes", __name__, url_prefix="/api/v1/llm", description="What became of suggestions.")


class OutcomeShareOut(Schema):
    """A share with Wilson's 95 % interval, all 0 to 1."""

    count = fields.Integer(metadata={"example": 31})
    of = fields.Integer(metadata={"example": 50})
    value = fields.Float(allow_none=True, metadata={"description": "null without cases.", "example": 0.62})
    low = fields.Float(metadata={"example": 0.48})
    high = fields.Float(metadata={"example": 0.74})


class OutcomeMeanOut(Schema):
    """A mean with Student's 95 % interval, which is null below five values."""

    value = fields.Float(allow_none=True)
    of = fields.Integer(metadata={"description": "How many values."})
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)


class OutcomeOut(Schema):
    """Texts of an AI that actions offered to fields with an unedited prompt. What is null is taken together."""

    template_id = fields.Integer()
    template = fields.String(attribute="template_name")
    version = fields.Integer(allow_none=True, metadata={"description": "The number of the template's version."})
    model_id = fields.Integer(allow_none=True)
    model = fields.String(allow_none=True, metadata={"description": "Which really answered."})
    provider = fields.String(allow_none=True)
    is_fallback = fields.Boolean(allow_none=True, metadata={"description": "Another model was to be asked first."})
    offered = fields.Integer()
    open = fields.Integer(metadata={"description": "Nobody has decided yet."})
    passed_over = fields.Integer(metadata={"description": "Another suggestion was accepted in its place."})
    used = fields.Nested(
        OutcomeShareOut, metadata={"description": "Accepted, as it was or edited, of the decided ones."}
    )
    accepted = fields.Nested(OutcomeShareOut, metadata={"description": "As it was, of the decided ones."})
    edited = fields.Nested(OutcomeShareOut, metadata={"description": "Of the decided ones."})
    discarded = fields.Nested(OutcomeShareOut, metadata={"description": "Of the decided ones."})
    asked_again = fields.Nested(OutcomeShareOut, metadata={"description": "Of all offered."})
    edit_distance = fields.Nested(OutcomeMeanOut, metadata={"description": "Of the edited ones, 0 to 1."})
    cost = fields.Nested(OutcomeMeanOut, metadata={"description": "USD, of those whose cost is known or estimated."})
    seconds = fields.Nested(OutcomeMeanOut, metadata={"description": "From start to end of the task."})


class OverviewQuery(Schema):
    fallbacks = fields.Boolean(
        load_default=False, metadata={"description": "Count answers of a model that stood in for the one asked, too."}
    )


class OutcomeQuery(OverviewQuery):
    by = fields.String(load_default=By.BOTH.value, validate=validate.OneOf([each.value for each in By]))


@bp.get("/outcomes")
@bp.arguments(OverviewQuery, location="query")
@bp.response(200, OutcomeOut(many=True))
def index(query: dict[str, Any]) -> list[Outcome]:
    """List the outcomes of all templates

    One row for each that has any, by name.
    """
    with db.connection() as conn:
        return outcomes.list_all(conn, actor=current(), with_fallbacks=query["fallbacks"])


@bp.get("/templates/<int:template_id>/outcomes")
@bp.arguments(OutcomeQuery, location="query")
@bp.response(200, OutcomeOut(many=True))
@bp.alt_response(404, description="There is no such template.")
def show(query: dict[str, Any], template_id: int) -> list[Outcome]:
    """List the outcomes of a template

    By version, by model, or by both; the newest version first.
    """
    by, with_fallbacks = By(query["by"]), query["fallbacks"]
    with db.connection() as conn:
        return outcomes.list_for(
            conn, actor=current(), template_id=template_id, by=by, with_fallbacks=with_fallbacks
        )  # fmt: skip
