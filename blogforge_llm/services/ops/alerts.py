"""What the rules found: one open alert for each rule and subject, over by itself, and the inbox that people read.

Who looks, and when: lookout.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.alerts import Alert, AlertRule, AlertView, Event, Finding, RuleKind
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit, deliveries, findings

sql = db.load("ops/alerts")


def list_(
    conn: db.Connection,
    *,
    actor: User,
    view: AlertView = AlertView.INBOX,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Alert]:
    """The newest first; those before the alert `before_id`."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    rows = sql.list_alerts(conn, user_id=actor.id, view=view, alert_id=None, before_id=before_id, limit=limit)
    return [_alert(row) for row in rows]


def get(conn: db.Connection, *, actor: User, alert_id: int) -> Alert:
    permissions.require(actor, Permission.KEEP_ALERTS)
    for row in sql.list_alerts(conn, user_id=actor.id, view=AlertView.ALL, alert_id=alert_id, before_id=None, limit=1):
        return _alert(row)
    raise NotFound("There is no such alert.")


def count_unread(conn: db.Connection, *, actor: User) -> int:
    """Of those in the inbox; for the bell."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    count: int = sql.count_unread(conn, user_id=actor.id)
    return count


def forget_old(conn: db.Connection, *, days: int, limit: int) -> int:
    """Upkeep: at most `limit` of those that were over so many days ago."""
    count: int = sql.delete_old(conn, days=days, limit=limit)
    return count


def update(
    conn: db.Connection, *, actor: User, alert_id: int, is_read: bool | None = None, is_dismissed: bool | None = None
) -> Alert:
    """Reading is the actor's own; dismissing takes it out of everybody's inbox, and does not end it."""
    before = get(conn, actor=actor, alert_id=alert_id)
    if is_read is not None:
        (sql.mark_read if is_read else sql.mark_unread)(conn, alert_id=alert_id, user_id=actor.id)
    if is_dismissed is not None and is_dismissed != (before.dismissed_at is not None):
        if is_dismissed:
            sql.dismiss(conn, alert_id=alert_id, user_id=actor.id)
        else:
            sql.bring_back(conn, alert_id=alert_id)
        action = "dismiss" if is_dismissed else "bring back"
        audit.record(conn, actor=actor, action=action, noun="alert", noun_id=alert_id, detail=before.label)
    return get(conn, actor=actor, alert_id=alert_id)


def read_all(conn: db.Connection, *, actor: User) -> int:
    """All of the inbox, for the actor; how many were new."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    count: int = sql.mark_all_read(conn, user_id=actor.id)
    return count


def dismiss_resolved(conn: db.Connection, *, actor: User) -> int:
    """All that are over leave the inbox; how many."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    count: int = sql.dismiss_resolved(conn, user_id=actor.id)
    if count:
        audit.record(conn, actor=actor, action="dismiss", noun="alert", noun_id="all", detail=f"{count} that were over")
    return count


def follow(conn: db.Connection, *, rule: AlertRule, found: list[Finding], now: datetime) -> None:
    """Open, keep up to date and end the alerts of a rule by what a look found."""
    is_open = {row["subject"]: row for row in sql.list_open(conn, rule_id=rule.id)}
    for finding in found:
        if finding.subject in is_open:
            _go_on(conn, rule, is_open.pop(finding.subject), finding, now)
        elif finding.is_breach:
            _open(conn, rule, finding, now)
    for row in is_open.values():
        if row["clear_since"] is None:  # twice in a row: a moment's quiet is not the end
            sql.set_clear(conn, alert_id=row["id"], since=now)
        else:
            _resolve(conn, row["id"], now)


def end_of_rule(conn: db.Connection, *, rule_id: int) -> None:
    """Nobody looks by it any more, so what it found is over."""
    now = findings.now(conn)
    for row in list(sql.list_open_ids(conn, rule_id=rule_id)):
        _resolve(conn, row["id"], now)


def _open(conn: db.Connection, rule: AlertRule, finding: Finding, now: datetime) -> None:
    values = {"value": finding.value, "threshold": rule.threshold, "detail": finding.detail}
    names = {"rule_id": rule.id, "subject": finding.subject}
    since = now - timedelta(minutes=rule.cooldown_minutes)
    if sql.open_again(conn, since=since, cooldown=rule.cooldown_minutes, **names, **values):
        return
    alert_id = sql.open_alert(conn, kind=rule.kind, label=finding.label, now=now, **names, **values)
    _tell(conn, alert_id, Event.OPENED, now)


def _go_on(conn: db.Connection, rule: AlertRule, row: dict[str, Any], finding: Finding, now: datetime) -> None:
    is_due = sql.still_open(
        conn, alert_id=row["id"], label=finding.label, value=finding.value, threshold=rule.threshold,
        detail=finding.detail, now=now,
    )  # fmt: skip
    if is_due:
        _tell(conn, row["id"], Event.OPENED, now)


def _resolve(conn: db.Connection, alert_id: int, now: datetime) -> None:
    was_told = sql.resolve(conn, alert_id=alert_id, now=now)
    if was_told:
        _tell(conn, alert_id, Event.RESOLVED, now)


def _tell(conn: db.Connection, alert_id: int, event: Event, now: datetime) -> None:
    rows = sql.list_alerts(conn, user_id=None, view=AlertView.ALL, alert_id=alert_id, before_id=None, limit=1)
    deliveries.queue(conn, event=event, alert=_alert(next(iter(rows))), now=now)


def _alert(row: dict[str, Any]) -> Alert:
    return Alert(**row | {"kind": RuleKind(row["kind"])})
