"""What admins want to be told of. The look itself is in findings.py, what it leads to in alerts.py."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.alerts import AlertRule, RuleKind
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import alerts, audit

sql = db.load("ops/alert_rules")

COOLDOWN_MAX = 10_080  # minutes: a week


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind asks for. `most` is the largest threshold, None for a kind without one; `window` its smallest and
    largest minutes, which are few where every one of them is read from the attempts; `counted` is what the minimum
    counts, empty where it means nothing. The rest are the usual values."""

    label: str
    help: str
    most: Decimal | None
    window: tuple[int, int]
    counted: str
    threshold: Decimal | None
    window_minutes: int
    minimum: int
    cooldown_minutes: int


_ALL = Decimal(1)
KINDS: dict[RuleKind, Kind] = {
    RuleKind.ERROR_SHARE: Kind(
        "Failed calls", "The share of a model’s calls that failed.",
        _ALL, (1, 60), "calls", Decimal("0.25"), 10, 10, 30,
    ),
    RuleKind.LATENCY: Kind(
        "Slow answers", "The time within which 95 % of a model’s answers came.",
        Decimal(3600), (1, 60), "calls", Decimal(30), 15, 10, 60,
    ),
    RuleKind.BUDGET: Kind(
        "Budget", "The share of a budget that is spent; those of batches are looked after by the batch.",
        Decimal(10), (0, 0), "", Decimal("0.9"), 0, 1, 60,
    ),
    RuleKind.CIRCUIT: Kind(
        "Open circuit", "A provider, model or shared key that is not asked because it failed.",
        None, (0, 1440), "", None, 2, 1, 30,
    ),
    RuleKind.BATCH: Kind(
        "Failed batch", "The share of a batch’s items that failed, once it has ended.",
        _ALL, (1, 10_080), "items", Decimal("0.2"), 1440, 1, 60,
    ),
    RuleKind.WORKER: Kind(
        "Missing worker", "Nobody runs queued tasks, or batches that wait.",
        None, (1, 60), "", None, 2, 1, 15,
    ),
}  # fmt: skip


def list_all(conn: db.Connection, *, actor: User) -> list[AlertRule]:
    """By kind."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    return list_kept(conn)


def list_kept(conn: db.Connection) -> list[AlertRule]:
    """The same for the look-out, which nobody asked for."""
    return [_rule(row) for row in sql.list_rules(conn, rule_id=None)]


def get(conn: db.Connection, *, actor: User, rule_id: int) -> AlertRule:
    permissions.require(actor, Permission.KEEP_ALERTS)
    found = [_rule(row) for row in sql.list_rules(conn, rule_id=rule_id)]
    if not found:
        raise NotFound("There is no such rule. It may have been deleted.")
    return found[0]


def create(
    conn: db.Connection, *, actor: User, kind: str, threshold: Decimal | None = None, window_minutes: int | None = None,
    minimum: int | None = None, cooldown_minutes: int | None = None, is_enabled: bool = True,
) -> AlertRule:  # fmt: skip
    """What is left out is as usual for the kind. It holds from the next minute on. Raises Invalid by field."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    if kind not in set(RuleKind):
        raise Invalid.field("kind", f"Choose one of {', '.join(RuleKind)}.")
    usual = KINDS[RuleKind(kind)]
    values = {
        "threshold": usual.threshold if threshold is None else threshold,
        "window_minutes": usual.window_minutes if window_minutes is None else window_minutes,
        "minimum": usual.minimum if minimum is None else minimum,
        "cooldown_minutes": usual.cooldown_minutes if cooldown_minutes is None else cooldown_minutes,
    }
    _check(RuleKind(kind), values)
    rule_id = sql.create_rule(conn, kind=kind, is_enabled=is_enabled, created_by=actor.id, **values)
    return _noted(conn, actor, "create", None, get(conn, actor=actor, rule_id=rule_id))


def add_usual(conn: db.Connection, *, actor: User) -> list[AlertRule]:
    """One rule of each kind that has none yet; those that were added."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    sql.lock_all(conn)
    there = {rule.kind for rule in list_kept(conn)}
    return [create(conn, actor=actor, kind=kind) for kind in RuleKind if kind not in there]


def update(
    conn: db.Connection, *, actor: User, rule_id: int, threshold: Decimal | None = None,
    window_minutes: int | None = None, minimum: int | None = None, cooldown_minutes: int | None = None,
    is_enabled: bool | None = None,
) -> AlertRule:  # fmt: skip
    """Change what is given. Switched off, its open alerts are over. Raises Invalid by field."""
    before = get(conn, actor=actor, rule_id=rule_id)
    values = {
        "threshold": before.threshold if threshold is None else threshold,
        "window_minutes": before.window_minutes if window_minutes is None else window_minutes,
        "minimum": before.minimum if minimum is None else minimum,
        "cooldown_minutes": before.cooldown_minutes if cooldown_minutes is None else cooldown_minutes,
    }
    _check(before.kind, values, error=Unfit)
    stays = before.is_enabled if is_enabled is None else is_enabled
    sql.update_rule(conn, rule_id=rule_id, is_enabled=stays, **values)
    if not stays:
        alerts.end_of_rule(conn, rule_id=rule_id)
    return _noted(conn, actor, "update", before, get(conn, actor=actor, rule_id=rule_id))


def delete(conn: db.Connection, *, actor: User, rule_id: int) -> AlertRule:
    """Its open alerts are over; they stay in the history."""
    rule = get(conn, actor=actor, rule_id=rule_id)
    alerts.end_of_rule(conn, rule_id=rule_id)
    sql.delete_rule(conn, rule_id=rule_id)
    return _noted(conn, actor, "delete", rule, None)


def in_words(rule: AlertRule) -> str:
    """When it fires, in one line."""
    threshold, window = rule.threshold or Decimal(0), in_time(rule.window_minutes)
    counted = f", of at least {rule.minimum:,} {KINDS[rule.kind].counted}" if rule.minimum > 1 else ""
    return {
        RuleKind.ERROR_SHARE: f"{threshold:.0%} or more within {window}{counted}",
        RuleKind.LATENCY: f"p95 of {threshold.normalize():f} s or more within {window}{counted}",
        RuleKind.BUDGET: f"{threshold:.0%} or more spent",
        RuleKind.CIRCUIT: f"for {window} or longer" if rule.window_minutes else "at once",
        RuleKind.BATCH: f"{threshold:.0%} or more of its items, ended within {window}{counted}",
        RuleKind.WORKER: f"for {window} or longer",
    }[rule.kind]


def in_time(minutes: int) -> str:
    """Whole hours from two on as such."""
    return f"{minutes // 60:,} h" if minutes >= 120 and minutes % 60 == 0 else f"{minutes:,} min"


def _check(kind: RuleKind, values: dict[str, Any], *, error: type[Invalid] = Invalid) -> None:
    asked, wrong = KINDS[kind], {}
    threshold: Decimal | None = values["threshold"]
    if asked.most is None:
        if threshold is not None:
            wrong["threshold"] = f"A rule of the kind {kind} has no threshold. Leave it out."
    elif threshold is None or not (threshold.is_finite() and Decimal("0.001") <= threshold <= asked.most):
        unit = "seconds" if kind is RuleKind.LATENCY else "a share: 0.2 is 20 %"
        wrong["threshold"] = f"From 0.001 to {asked.most:,}, {unit}."
    least, most = asked.window
    if not least <= values["window_minutes"] <= most:
        wrong["window_minutes"] = f"A whole number of minutes from {least} to {most:,}." if most else "It has none: 0."
    if not 1 <= values["minimum"] <= 1_000_000:
        wrong["minimum"] = "A whole number from 1 to 1,000,000."
    if not 0 <= values["cooldown_minutes"] <= COOLDOWN_MAX:
        wrong["cooldown_minutes"] = f"A whole number of minutes from 0 to {COOLDOWN_MAX:,}."
    if wrong:
        raise error("The rule cannot be saved yet.", wrong)


def _noted(
    conn: db.Connection, actor: User, action: str, before: AlertRule | None, after: AlertRule | None
) -> AlertRule:
    rule = after or before
    assert rule is not None
    detail = f"{KINDS[rule.kind].label}: {in_words(rule)}"
    audit.record(
        conn, actor=actor, action=action, noun="alert_rule", noun_id=rule.id, detail=detail, before=_kept(before),
        after=_kept(after),
    )  # fmt: skip
    return rule


def _kept(rule: AlertRule | None) -> dict[str, Any] | None:
    names = ("kind", "threshold", "window_minutes", "minimum", "cooldown_minutes", "is_enabled")
    return None if rule is None else {name: getattr(rule, name) for name in names}


def _rule(row: dict[str, Any]) -> AlertRule:
    return AlertRule(**row | {"kind": RuleKind(row["kind"])})
