"""Items of batches, as lanes.py moves them: claimed several at a time, ended several at a time.

Whoever changes items locks their batches first, in the order of ids.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.engine.types import Outcome
from blogforge_llm.errors import DomainError
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.batches import BatchStatus, Ended, Finished, ItemStatus
from blogforge_llm.records.tasks import Category, Task
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.tasks import attempts, kinds, tasks

log = logging.getLogger(__name__)

sql = db.load("tasks/items")
batches_sql = db.load("tasks/batches")
waiting_sql = db.load("tasks/waiting")

_AT_ONCE = 100
_ROLES = [str(role) for role, granted in permissions.MATRIX.items() if Permission.RUN_TASKS in granted]


@dataclasses.dataclass(frozen=True, slots=True)
class Locked:
    """A batch in a round. `running` is as it was before the round, in all processes."""

    id: int
    status: BatchStatus
    concurrency: int
    running: int
    is_claimable: bool


def lock(conn: db.Connection, *, batch_ids: Sequence[int]) -> list[Locked]:
    """The batches of a round: these, and those that have something to begin. First of all, and once."""
    rows = sql.lock_batches(conn, ids=list(batch_ids))
    return [Locked(**row | {"status": BatchStatus(row["status"])}) for row in rows]


def claim(
    conn: db.Connection, locked: Sequence[Locked], *, slots: int, ahead: Mapping[int, int], worker_id: UUID
) -> list[Task]:
    """The tasks to ask now, running and leased: at most `slots`, from all batches fairly. `ahead` is by batch how many
    more may be taken than may be asked at once."""
    ids = [batch.id for batch in locked if batch.is_claimable]
    if not ids or slots <= 0:
        return []
    if queued := [batch.id for batch in locked if batch.is_claimable and batch.status is BatchStatus.QUEUED]:
        sql.begin_queued(conn, ids=queued)
    more = [ahead.get(batch_id, 0) for batch_id in ids]
    rows = list(sql.claim_items(conn, ids=ids, ahead=more, slots=slots, worker_id=worker_id, roles=_ROLES))
    order = {row["task_id"]: row["position"] for row in rows}
    return sorted(tasks.list_by_ids(conn, task_ids=list(order)), key=lambda task: order[task.id]) if rows else []


def finish(conn: db.Connection, ended: Sequence[Ended]) -> list[Finished]:
    """Write how runs ended, and let each kind use the answers. Runs that lost their task change nothing. Their batches
    are locked."""
    rows = list(sql.finish_items(conn, ended=Jsonb([_row(end) for end in ended])))
    finished = [_finished(conn, row) for row in rows]
    _settle(conn, rows)
    return finished


def stop(conn: db.Connection, *, task_id: int) -> bool:
    """End one item that is not begun yet; its batch goes on. False for a task that is nothing of the kind."""
    list(sql.lock_batches_of(conn, task_ids=[task_id]))
    row = waiting_sql.stop_queued(conn, task_id=task_id)
    if row is not None:
        _finished(conn, row)
        _settle(conn, [row])
    return row is not None


def list_provider_kinds(conn: db.Connection) -> list[str]:
    """Whose SDKs will be needed."""
    return [row["kind"] for row in sql.list_provider_kinds(conn)]


def rest(conn: db.Connection, *, batch_id: int, seconds: float, note: str) -> None:
    """Nobody can be asked for it now."""
    batches_sql.rest_batch(conn, batch_id=batch_id, seconds=seconds, note=note)


def pause(conn: db.Connection, *, batch_id: int, note: str) -> None:
    """Nobody can be asked for it for long: a person must look."""
    batches_sql.pause_batch(conn, batch_id=batch_id, note=note)


def tend(conn: db.Connection) -> None:
    """Pause what can only wait: whoever started it may no longer ask, or its budget is used up. Budgets of batches that
    have ended go: while there is any, every call is held against it."""
    batches_sql.pause_those_not_allowed(conn, roles=_ROLES)
    batches_sql.pause_those_spent(conn)
    batches_sql.delete_ended_budgets(conn)


def requeue_lost(conn: db.Connection) -> list[int]:
    """Give back what dead workers held; their attempts are abandoned. The tasks concerned."""
    lost = [row["id"] for row in sql.list_lost(conn, limit=_AT_ONCE)]
    if not lost:
        return []
    list(sql.lock_batches_of(conn, task_ids=lost))
    rows = list(sql.requeue_lost(conn, task_ids=lost))
    for row in rows:
        attempts.abandon(conn, task_id=row["task_id"])
    _settle(conn, rows)
    return [row["task_id"] for row in rows]


def attempt_columns(attempt_id: int, outcome: Outcome) -> dict[str, Any]:
    """The attempt that answered, as `finish` writes it."""
    columns = attempts.answer_columns(outcome)
    cost = None if outcome.cost is None else str(outcome.cost)  # JSON has no numbers as exact
    return {"attempt_id": attempt_id, **columns, "cost": cost}


def _row(end: Ended) -> dict[str, Any]:
    row = {name: getattr(end, name) for name in Ended.__slots__ if name != "attempt"}
    return row | {"run_id": str(end.run_id), **end.attempt}


def _finished(conn: db.Connection, row: Mapping[str, Any]) -> Finished:
    """An item whose end was just written; its kind has used it."""
    item = Finished(row["id"], row["task_id"], row["batch_id"], ItemStatus(row["status"]), row["subject"])
    use = kinds.get(row["kind"]).use
    if use is not None and item.status is not ItemStatus.QUEUED:
        _use(conn, use, item)
    return item


def _settle(conn: db.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """What waited for these may go on. If that cannot be said, their batch waits for a person."""
    ended = {row["batch_id"]: row["kind"] for row in rows if row["status"] != ItemStatus.QUEUED}
    for batch_id, name in sorted(ended.items()):
        settle = kinds.get(name).settle
        if settle is None:
            continue
        try:
            with conn.transaction():
                settle(conn, batch_id)
        except psycopg.OperationalError:
            raise
        except Exception:
            log.exception("what waits in batch %s could not be released", batch_id)
            pause(conn, batch_id=batch_id, note="What comes next could not be prepared. The log tells an admin why.")


def _use(conn: db.Connection, use: kinds.Use, item: Finished) -> None:
    try:
        with conn.transaction():
            use(conn, item, tasks.get(conn, task_id=item.task_id))
    except DomainError as error:
        sql.fail_item(conn, item_id=item.item_id, category=Category.OUTPUT_INVALID, message=str(error))
    except psycopg.OperationalError:
        raise
    except Exception:
        log.exception("the answer of item %s could not be used", item.item_id)
        message = "The answer came, but using it failed on our side. The log tells an admin why."
        sql.fail_item(conn, item_id=item.item_id, category=Category.SERVER_ERROR, message=message)
