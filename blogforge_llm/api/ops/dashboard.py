"""The dashboard over the API: the figures of /llm/, from the same service."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Money
from blogforge_llm.services.ops import budgets, dashboard, overview

bp = Blueprint(
    "dashboard", __name__, url_prefix="/api/v1/llm/dashboard",
    description="What runs, what was spent, how quick answers were and why tasks failed. Days are those of UTC.",
)  # fmt: skip

_TASKS = {"description": "That have ended.", "example": 120}


class DashboardQuery(Schema):
    """Over how long."""

    days = fields.Integer(
        load_default=7, validate=validate.OneOf(dashboard.PERIODS),
        metadata={"description": "Today and the days before it.", "example": 7},
    )  # fmt: skip


class LatencyOut(Schema):
    """Seconds from start to end of what an AI answered, to within 26 %."""

    p50_s = fields.Float(required=True, metadata={"example": 1.4})
    p95_s = fields.Float(required=True, metadata={"example": 6.2})
    count = fields.Integer(required=True, metadata={"description": "Tasks it is of.", "example": 118})


class DayFiguresOut(Schema):
    """The tasks made on a day."""

    day = fields.AwareDateTime(required=True, metadata={"description": "Its beginning."})
    tasks = fields.Integer(required=True, metadata=_TASKS)
    failed = fields.Integer(required=True, metadata={"example": 2})
    cost = Money(required=True, metadata={"description": "USD.", "example": "0.42"})
    p95_s = fields.Float(required=True, allow_none=True, metadata={"description": "null: no AI answered."})


class FailureFigureOut(Schema):
    """How many tasks failed for one reason."""

    category = fields.String(required=True, metadata={"example": "rate_limit"})
    tasks = fields.Integer(required=True, metadata={"example": 2})


class TemplateFiguresOut(Schema):
    """A template among the dearest or the slowest."""

    template_id = fields.Integer(required=True, metadata={"description": "0: what was asked without one."})
    name = fields.String(required=True, allow_none=True)
    tasks = fields.Integer(required=True, metadata=_TASKS)
    cost = Money(required=True, metadata={"description": "USD.", "example": "0.42"})
    mean_s = fields.Float(required=True, allow_none=True)
    latency = fields.Nested(LatencyOut, required=True, allow_none=True)


class DashboardOut(Schema):
    """The figures of the last `days` days, unless they say otherwise. Tasks count within a minute after their end."""

    days = fields.Integer(required=True, metadata={"example": 7})
    since = fields.AwareDateTime(required=True, metadata={"description": "When the first of these days began."})
    tasks_queued = fields.Integer(required=True, metadata={"description": "Now.", "example": 0})
    tasks_running = fields.Integer(required=True, metadata={"description": "Now.", "example": 1})
    tasks = fields.Integer(required=True, metadata=_TASKS)
    failed = fields.Integer(required=True, metadata={"example": 2})
    input_tokens = fields.Integer(required=True)
    output_tokens = fields.Integer(required=True)
    cost = Money(required=True, metadata={"description": "USD.", "example": "1.25"})
    latency = fields.Nested(LatencyOut, required=True, allow_none=True, metadata={"description": "null: none yet."})
    spent_today = Money(required=True, metadata={"description": "USD, by all calls.", "example": "0.2"})
    spent_this_month = Money(required=True, metadata={"description": "USD, by all calls.", "example": "12.5"})
    budgets = fields.Dict(
        keys=fields.String(), values=Money(), required=True,
        metadata={"description": "What everybody together may spend, by `day` and `month`, where it is limited.",
                  "example": {"month": "50"}},
    )  # fmt: skip
    warnings = fields.List(
        fields.String(), required=True, metadata={"description": "Budgets of yours that are nearly used up, in words."}
    )
    by_day = fields.List(fields.Nested(DayFiguresOut), required=True, metadata={"description": "Of the last thirty."})
    by_hour = fields.List(
        fields.Integer(), required=True, metadata={"description": "Tasks of each of the last 24 hours, oldest first."}
    )
    failures = fields.List(
        fields.Nested(FailureFigureOut), required=True, metadata={"description": "The most frequent first."}
    )
    dearest = fields.List(fields.Nested(TemplateFiguresOut), required=True)
    slowest = fields.List(
        fields.Nested(TemplateFiguresOut), required=True, metadata={"description": "Of those answered five times."}
    )


@bp.get("")
@bp.arguments(DashboardQuery, location="query")
@bp.response(200, DashboardOut)
def show(query: dict[str, Any]) -> dict[str, Any]:
    """Get the dashboard

    The health of providers, which stands beside it on the page, is under `circuits`.
    """
    with db.connection() as conn:
        figures = dashboard.get(conn, actor=current(), days=query["days"])
        unfinished = overview.get(conn, actor=current())
        warnings = budgets.list_warnings(conn, actor=current())
    values = {name: getattr(figures, name) for name in figures.__slots__}
    return values | {
        "tasks_queued": unfinished.tasks_queued, "tasks_running": unfinished.tasks_running, "warnings": warnings,
        "failures": [{"category": category, "tasks": tasks} for category, tasks in figures.failures],
    }  # fmt: skip
