"""Bring back what dead workers held: running tasks without a heartbeat, queued tasks without a job."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from blogforge_llm import db, tracing
from blogforge_llm.records.tasks import Category, TaskStatus
from blogforge_llm.services.tasks import attempts, items, tasks

sql = db.load("tasks/tasks")

_AT_ONCE = 100


def list_running(conn: db.Connection, *, worker_id: UUID) -> set[int]:
    """What a worker's rows say that it runs, batches aside."""
    return {row["id"] for row in sql.list_running_of_worker(conn, worker_id=worker_id)}


def disown(conn: db.Connection, *, worker_id: UUID, task_ids: Collection[int]) -> None:
    """The worker lives and runs them no more, for it could not write their end: `requeue_lost` takes them up."""
    sql.disown_tasks(conn, worker_id=worker_id, task_ids=list(task_ids))


def requeue_lost(conn: db.Connection) -> list[int]:
    """Requeue tasks whose worker has been silent for ten seconds; close their open attempts as abandoned.

    Nobody waits any more for an awaited task, and nobody wants one that was being cancelled: those end as cancelled.
    """
    lost = list(sql.list_lost_tasks(conn, limit=_AT_ONCE))
    for row in lost:
        is_over = row["is_awaited"] or row["is_cancelled"]
        attempts.abandon(conn, task_id=row["id"])
        if is_over:
            message = "You stopped it." if row["is_cancelled"] else "The process that asked was stopped."
            sql.end_lost_task(conn, task_id=row["id"], message=message)
        else:
            sql.requeue_lost_task(conn, task_id=row["id"])
            tasks.deliver(conn, task_id=row["id"])
        tasks.announce(conn, task_id=row["id"])
        tracing.task(
            request=row["request_id"], task=row["id"], run=row["run_id"], user=row["created_by"],
            is_awaited=row["is_awaited"], status=TaskStatus.CANCELLED if is_over else TaskStatus.QUEUED,
            category=Category.CANCELLED if is_over else None, is_lost=True,
        )  # fmt: skip
    undelivered = list(sql.list_undelivered_tasks(conn, limit=_AT_ONCE))
    for row in undelivered:
        tasks.deliver(conn, task_id=row["id"])
    return [row["id"] for row in lost + undelivered] + items.requeue_lost(conn)
