"""The look by every rule, once a minute by one of all processes: each calls `look` again and again (watching.py)."""

from __future__ import annotations

import logging
from datetime import datetime

from blogforge_llm import db
from blogforge_llm.records.alerts import AlertRule
from blogforge_llm.records.ops import ErrorSource
from blogforge_llm.services.ops import alert_rules, alerts, errors, findings

log = logging.getLogger(__name__)

sql = db.load("ops/lookout")


def look(conn: db.Connection, *, now: datetime | None = None) -> bool:
    """By every rule, unless this minute was looked at already or is being; whether it was done here.

    The lock holds until the transaction ends: should this process die, nothing has happened and another looks.
    """
    now = now or findings.now(conn)
    last_look: datetime | None = sql.lock_minute(conn, now=now)
    if last_look is None:
        return False
    findings.see_workers(conn, now=now, last_look=last_look)
    for rule in alert_rules.list_kept(conn):
        if rule.is_enabled:
            _look_by(conn, rule, now)
    sql.set_minute(conn, now=now)
    return True


def _look_by(conn: db.Connection, rule: AlertRule, now: datetime) -> None:
    """A rule that cannot be looked by is an error for the errors page, and keeps none of the others from it."""
    try:
        with conn.transaction():
            alerts.follow(conn, rule=rule, found=findings.list_for(conn, rule=rule, now=now), now=now)
    except Exception as error:
        if conn.broken:
            raise
        log.exception("looking by alert rule %d failed", rule.id)
        errors.note(error, source=ErrorSource.JOB)
