"""Alerts over the API: what the rules found."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import After, Flag, Limit, Money
from blogforge_llm.records.alerts import Alert, AlertView, RuleKind
from blogforge_llm.services.ops import alerts

bp = Blueprint(
    "alerts", __name__, url_prefix="/api/v1/llm/alerts", description="What the alert rules found. For admins."
)


class AlertQuery(Schema):
    """Which alerts."""

    view = fields.String(
        load_default="inbox",
        validate=validate.OneOf([view.value for view in AlertView]),
        metadata={"description": "inbox: not dismissed; open: not over; all: the history.", "example": "open"},
    )
    after = After(metadata={"description": "`next` of the page before."})
    limit = Limit()


class AlertIn(Schema):
    """What may be changed on an alert."""

    is_read = Flag(metadata={"description": "For you alone.", "example": True})
    is_dismissed = Flag(metadata={"description": "Out of everybody's inbox; it is not over by that.", "example": True})


class AlertOut(Schema):
    """One alert. The same subject of a rule has one open at a time."""

    id = fields.Integer(required=True, metadata={"example": 4})
    rule_id = fields.Integer(required=True, allow_none=True, metadata={"description": "null: the rule is deleted."})
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in RuleKind]))
    state = fields.String(required=True, validate=validate.OneOf(["open", "resolved"]), metadata={"example": "open"})
    subject = fields.String(
        required=True,
        metadata={"description": "model:7, provider:2, key:3, budget:1, batch:12, worker:interactive.",
                  "example": "model:7"},
    )  # fmt: skip
    label = fields.String(required=True, metadata={"description": "As it was called then.", "example": "Groq / llama"})
    value = Money(
        required=True,
        metadata={"description": "As last seen: a share, seconds (latency), or minutes (circuit, worker).",
                  "example": "0.38"},
    )  # fmt: skip
    threshold = Money(required=True, allow_none=True, metadata={"description": "The rule's.", "example": "0.25"})
    detail = fields.String(required=True, metadata={"description": "In words."})
    opened_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
    openings = fields.Integer(
        required=True, metadata={"description": "1, and one more for each return within the cool-down.", "example": 1}
    )
    is_read = fields.Boolean(required=True, metadata={"description": "By you."})
    dismissed_at = fields.AwareDateTime(required=True, allow_none=True)
    dismissed_by = fields.String(required=True, allow_none=True, attribute="dismissed_by_name")


class AlertPage(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(AlertOut), required=True)
    next = fields.Integer(required=True, allow_none=True, metadata={"description": "For `after`; null at the end."})
    unread = fields.Integer(required=True, metadata={"description": "Of the inbox, by you.", "example": 2})


class AlertCount(Schema):
    """How many were changed."""

    count = fields.Integer(required=True, metadata={"example": 3})


@bp.route("")
class Alerts(MethodView):
    @bp.arguments(AlertQuery, location="query")
    @bp.response(200, AlertPage)
    @bp.alt_response(403, description="Only admins see alerts.")
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List alerts

        The newest first.
        """
        limit, view = query["limit"], AlertView(query["view"])
        with db.transaction() as conn:
            found = alerts.list_(conn, actor=current(), view=view, before_id=query.get("after"), limit=limit + 1)
            unread = alerts.count_unread(conn, actor=current())
        following = found[limit - 1].id if len(found) > limit else None
        return {"items": found[:limit], "next": following, "unread": unread}


@bp.route("/reading", methods=["POST"])
@bp.response(200, AlertCount)
@bp.alt_response(403, description="Only admins see alerts.")
def read_all() -> dict[str, int]:
    """Read all of the inbox

    For you alone; how many were new.
    """
    with db.transaction() as conn:
        return {"count": alerts.read_all(conn, actor=current())}


@bp.route("/dismissal", methods=["POST"])
@bp.response(200, AlertCount)
@bp.alt_response(403, description="Only admins see alerts.")
def dismiss_resolved() -> dict[str, int]:
    """Dismiss all that are over

    They leave everybody's inbox and stay in the history.
    """
    with db.transaction() as conn:
        return {"count": alerts.dismiss_resolved(conn, actor=current())}


@bp.route("/<int:alert_id>")
class AlertById(MethodView):
    @bp.response(200, AlertOut)
    @bp.alt_response(403, description="Only admins see alerts.")
    @bp.alt_response(404, description="There is no such alert.")
    def get(self, alert_id: int) -> Alert:
        """Get an alert"""
        with db.connection() as conn:
            return alerts.get(conn, actor=current(), alert_id=alert_id)

    @bp.arguments(AlertIn)
    @bp.response(200, AlertOut)
    @bp.alt_response(403, description="Only admins see alerts.")
    @bp.alt_response(404, description="There is no such alert.")
    def patch(self, data: dict[str, Any], alert_id: int) -> Alert:
        """Read or dismiss an alert

        Only what is sent changes.
        """
        with db.transaction() as conn:
            return alerts.update(conn, actor=current(), alert_id=alert_id, **data)
