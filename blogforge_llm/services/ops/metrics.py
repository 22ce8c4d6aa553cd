"""What /metrics tells of all processes together, from rows: calls, queue, workers, and each process.

Calls are added up as they end, so that a look at them costs the same after ten million.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from blogforge_llm import db
from blogforge_llm.records.ops import CallTotal, Metrics, ProcessMetrics

sql = db.load("ops/metrics")

# Seconds. The rows are counted by these: to change them is to empty call_totals and its mark in a migration.
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)


def add_up(conn: db.Connection) -> None:
    """Count the attempts that ended since the last time, each once."""
    if not sql.lock_totals(conn):
        return
    ended_by = horizon(conn)  # in a statement of its own: the next one's snapshot must be taken after it
    sql.add_totals(conn, horizon=ended_by, bounds=list(BOUNDS))
    sql.set_mark(conn, horizon=ended_by)


def horizon(conn: db.Connection) -> datetime:
    """What ended before this can all be seen by the next statement."""
    moment: datetime = sql.get_horizon(conn)
    return moment


def get(conn: db.Connection) -> Metrics:
    """As of now, but calls as of the last add_up."""
    return Metrics(
        totals=[CallTotal(**row) for row in sql.list_totals(conn)],
        unfinished={row["status"]: (row["count"], row["oldest_s"]) for row in sql.list_unfinished(conn)},
        workers={row["kind"]: row["count"] for row in sql.list_workers(conn)},
        resting=[(row["name"], row["state"], row["category"]) for row in sql.list_resting(conn)],
        processes=[ProcessMetrics(**row) for row in sql.list_processes(conn)],
    )


def keep_process(conn: db.Connection, *, worker_id: UUID, exposition: str) -> None:
    sql.keep_process(conn, worker_id=worker_id, exposition=exposition)


def forget_dead(conn: db.Connection) -> int:
    count: int = sql.delete_dead_processes(conn)
    return count
