"""Tasks that ended, added up for the dashboard, and their words kept for the log's search: a step at a time, by upkeep.

Read: every task that ended since the mark leaves its words, and its hour among the stale ones. Add up: stale hours, and
their days, are counted anew from the rows. A step is a transaction, and one that dies is simply done again.
"""

from __future__ import annotations

from datetime import UTC, datetime

from blogforge_llm import db
from blogforge_llm.services.ops import metrics

sql = db.load("ops/totals")

# Seconds: ten bounds from each to ten times as much, so that a quantile is told to within 26 %. The rows are counted by
# these: to change them is to empty task_latencies and fill stale_hours in a migration.
BOUNDS = tuple(round(0.05 * 10 ** (step / 10), 4) for step in range(41))
WORDS_FROM = 100_000  # characters of the messages and of the output that are searched


def read_ended(conn: db.Connection, *, limit: int = 2000) -> bool:
    """Note about `limit` tasks that ended since the last time. False when there are no more, or another is at it."""
    if not sql.lock_totals(conn):
        return False
    # A statement of its own: the snapshot of the next must be taken after it, or a late commit would be passed over.
    seen = metrics.horizon(conn)
    horizon = sql.get_horizon(conn, horizon=seen, limit=limit)
    sql.note_hours(conn, horizon=horizon)
    sql.keep_words(conn, horizon=horizon, most=WORDS_FROM)
    sql.set_mark(conn, horizon=horizon)
    return bool(horizon < seen)


def add_up(conn: db.Connection, *, limit: int = 48) -> bool:
    """Count `limit` stale hours anew, and their days. False when there are no more, or another is at it."""
    if not sql.lock_totals(conn):
        return False
    hours: list[datetime] = [row["hour"] for row in sql.take_hours(conn, limit=limit)]
    days = sorted({hour.astimezone(UTC).replace(hour=0) for hour in hours})
    sql.delete_hours(conn, hours=hours)
    sql.add_hours(conn, hours=hours)
    sql.delete_days(conn, days=days)
    sql.add_days(conn, days=days)
    sql.delete_latencies(conn, days=days)
    sql.add_latencies(conn, days=days, bounds=list(BOUNDS))
    return len(hours) == limit
