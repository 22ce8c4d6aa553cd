"""The look by every rule, once a minute by one of all processes: each calls `look` again and again (watching.py)."""

from __future__ import annotations

from datetime import datetime

from blogforge_llm import db
from blogforge_llm.services.ops import alert_rules, alerts, findings

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
            alerts.follow(conn, rule=rule, found=findings.list_for(conn, rule=rule, now=now), now=now)
    sql.set_minute(conn, now=now)
    return True
