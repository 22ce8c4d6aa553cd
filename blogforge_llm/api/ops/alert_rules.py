"""Alert rules over the API."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Flag, Money, Price, Whole
from blogforge_llm.records.alerts import AlertRule, RuleKind
from blogforge_llm.services.ops import alert_rules

bp = Blueprint(
    "alert_rules", __name__, url_prefix="/api/v1/llm/alert-rules",
    description="What admins are told of; looked through once a minute.",
)  # fmt: skip

_THRESHOLD = {
    "description": "error_share, batch: a share up to 1; budget: up to 10; latency: seconds. circuit, worker: none.",
    "example": "0.25",
}
_WINDOW = {
    "description": "error_share, latency: 1 to 60 minutes looked back; batch: 1 to 10080; circuit (0 to 1440) and "
    "worker (1 to 60): how long it must have lasted; budget: 0.",
    "example": 10,
}
_MINIMUM = {"description": "Calls or items: fewer say nothing.", "example": 10}
_COOLDOWN = {"description": "Minutes in which what comes back is the same alert, quietly.", "example": 30}
_ENABLED = {"description": "Off, its open alerts are over.", "example": True}
_FRACTION = r"0\.(00[1-9]|0[1-9][0-9]?|[1-9][0-9]{0,2})"
_DECIMALS = r"(\.[0-9]{1,3})?"
_UP_TO = {
    1: rf"({_FRACTION}|1(\.0{{1,3}})?)",
    10: rf"({_FRACTION}|[1-9]{_DECIMALS}|10(\.0{{1,3}})?)",
    3600: rf"({_FRACTION}|([1-9][0-9]{{0,2}}|[12][0-9]{{3}}|3[0-5][0-9]{{2}}){_DECIMALS}|3600(\.0{{1,3}})?)",
}
_KIND = validate.OneOf([kind.value for kind in RuleKind])


class AlertRuleIn(Schema):
    """What may be changed on a rule."""

    threshold = Price(metadata=_THRESHOLD)
    window_minutes = Whole(validate=validate.Range(min=0, max=10_080), metadata=_WINDOW)
    minimum = Whole(validate=validate.Range(min=1, max=1_000_000), metadata=_MINIMUM)
    cooldown_minutes = Whole(validate=validate.Range(min=0, max=alert_rules.COOLDOWN_MAX), metadata=_COOLDOWN)
    is_enabled = Flag(metadata=_ENABLED)


def _of_kind(kind: RuleKind, asked: alert_rules.Kind) -> dict[str, Any]:
    """What goes with a kind, in the words of JSON Schema."""
    least, most = asked.window
    window = {"minimum": least, "maximum": most}
    if asked.most is None:
        return {"properties": {"kind": {"const": kind}, "window_minutes": window}, "not": {"required": ["threshold"]}}
    up_to = {"minimum": 0.001, "maximum": float(asked.most), "pattern": f"^{_UP_TO[int(asked.most)]}$"}
    return {"properties": {"kind": {"const": kind}, "window_minutes": window, "threshold": up_to}}


class NewAlertRuleIn(AlertRuleIn):
    """A new rule; what is left out is as usual for its kind."""

    # In `allOf`, for generated clients: of alternatives at the top they would make types that say nothing.
    rules = {"allOf": [{"anyOf": [_of_kind(kind, asked) for kind, asked in alert_rules.KINDS.items()]}]}

    kind = fields.String(required=True, validate=_KIND, metadata={"example": "error_share"})


class AlertRuleOut(Schema):
    """A rule."""

    id = fields.Integer(required=True, metadata={"example": 1})
    kind = fields.String(required=True, validate=_KIND, metadata={"example": "error_share"})
    threshold = Money(required=True, allow_none=True, metadata=_THRESHOLD)
    window_minutes = fields.Integer(required=True, metadata=_WINDOW)
    minimum = fields.Integer(required=True, metadata=_MINIMUM)
    cooldown_minutes = fields.Integer(required=True, metadata=_COOLDOWN)
    is_enabled = fields.Boolean(required=True, metadata=_ENABLED)
    open_alerts = fields.Integer(required=True, metadata={"description": "Now.", "example": 0})
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


@bp.route("")
class AlertRules(MethodView):
    @bp.response(200, AlertRuleOut(many=True))
    @bp.alt_response(403, description="Only admins see rules.")
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[AlertRule]:
        """List alert rules

        By kind.
        """
        with db.connection() as conn:
            found = alert_rules.list_all(conn, actor=current())
        pagination_parameters.item_count = len(found)
        return found[pagination_parameters.first_item : pagination_parameters.last_item + 1]

    @bp.arguments(NewAlertRuleIn)
    @bp.response(201, AlertRuleOut)
    @bp.alt_response(403, description="Only admins make rules.")
    def post(self, data: dict[str, Any]) -> AlertRule:
        """Make an alert rule

        It holds from the next minute on.
        """
        with db.transaction() as conn:
            return alert_rules.create(conn, actor=current(), **data)


@bp.route("/usual", methods=["POST"])
@bp.response(200, AlertRuleOut(many=True))
@bp.alt_response(403, description="Only admins make rules.")
def add_usual() -> list[AlertRule]:
    """Add the usual rules

    One of each kind that has none yet; the answer lists those that were added.
    """
    with db.transaction() as conn:
        return alert_rules.add_usual(conn, actor=current())


@bp.route("/<int:rule_id>")
class AlertRuleById(MethodView):
    @bp.response(200, AlertRuleOut)
    @bp.alt_response(403, description="Only admins see rules.")
    @bp.alt_response(404, description="There is no such rule.")
    def get(self, rule_id: int) -> AlertRule:
        """Get an alert rule"""
        with db.connection() as conn:
            return alert_rules.get(conn, actor=current(), rule_id=rule_id)

    @bp.arguments(AlertRuleIn)
    @bp.response(200, AlertRuleOut)
    @bp.alt_response(403, description="Only admins change rules.")
    @bp.alt_response(404, description="There is no such rule.")
    @bp.alt_response(409, description="A value does not go with the rule's kind.")
    def patch(self, data: dict[str, Any], rule_id: int) -> AlertRule:
        """Change an alert rule

        Only what is sent changes; it holds from the next minute on.
        """
        with db.transaction() as conn:
            return alert_rules.update(conn, actor=current(), rule_id=rule_id, **data)

    @bp.response(204)
    @bp.alt_response(403, description="Only admins delete rules.")
    @bp.alt_response(404, description="There is no such rule.")
    def delete(self, rule_id: int) -> None:
        """Delete an alert rule

        Its open alerts are over; what it found stays in the history.
        """
        with db.transaction() as conn:
            alert_rules.delete(conn, actor=current(), rule_id=rule_id)
