"""Batches: plan, start, pause, resume, cancel, retry what failed. The neighbour items.py is what lanes do with them.

A batch belongs to whoever planned it; admins see all. For anybody else it does not exist.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.engine.types import Message
from blogforge_llm.errors import Conflict, Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, Role, User
from blogforge_llm.records.batches import Batch, BatchStatus, Failure, Item, ItemStatus, Planned, Progress
from blogforge_llm.records.tasks import Category, Source
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import budgets
from blogforge_llm.services.tasks import estimates, kinds, workers

sql = db.load("tasks/batches")
items_sql = db.load("tasks/items")
waiting_sql = db.load("tasks/waiting")

CONCURRENCY_MAX = 200
PRIORITY_MAX = 10
_CHUNK = 500
_NEWEST = 2**63 - 1
_RATE_OVER = 100  # items: the rate of the last so many


def plan(
    conn: db.Connection,
    *,
    actor: User,
    title: str,
    items: Sequence[Planned],
    kind: str = kinds.PROMPTS,
    concurrency: int = 20,
    priority: int = 5,
    budget: Decimal | None = None,
) -> Batch:
    """A draft with its estimate: nothing is asked before `start`. Raises Invalid for a budget nobody can keep, too."""
    permissions.require(actor, Permission.RUN_TASKS)
    title = texts.line(title, name="title", label="The title")
    _check_limits(concurrency, priority, budget)
    batch_id = sql.create_batch(
        conn, kind=kind, title=title, concurrency=concurrency, priority=priority, budget=budget, user_id=actor.id
    )
    _add(conn, batch_id, items)
    _estimate(conn, actor, batch_id)
    return get(conn, actor=actor, batch_id=batch_id)


def add(conn: db.Connection, *, actor: User, batch_id: int, items: Sequence[Planned]) -> Batch:
    """More items for a draft; one whose key is there already stays as it is. Raises Conflict once it has begun."""
    _change(conn, actor, batch_id)
    batch = get(conn, actor=actor, batch_id=batch_id)
    if batch.status is not BatchStatus.DRAFT:
        raise Conflict(
            f"This batch is {batch.status}: items can be added to a draft only. Plan another batch for them."
        )
    _add(conn, batch_id, items)
    _estimate(conn, actor, batch_id)
    return get(conn, actor=actor, batch_id=batch_id)


def get(conn: db.Connection, *, actor: User, batch_id: int) -> Batch:
    """Raises NotFound, also for who is neither its owner nor an admin."""
    row = sql.get_batch(conn, batch_id=batch_id)
    if row is None or not (actor.role == Role.ADMIN or row["created_by"] == actor.id):
        raise NotFound("There is no such batch.")
    return _batch(row)


def look_up(conn: db.Connection, *, batch_ids: Sequence[int]) -> dict[int, Batch]:
    """By id, whoever owns them: for an area that shows batches of its own, under rights of its own."""
    return {row["id"]: _batch(row) for row in sql.list_batches_by_id(conn, ids=list(batch_ids))}


def list_(
    conn: db.Connection, *, actor: User, before_id: int | None = None, has_plans: bool = True, limit: int = 50
) -> list[Batch]:
    """The newest first, below `before_id`: one's own, for admins all. Without `has_plans` the plans of runs that were
    never started are left out: they stand with their posts."""
    given = {"before_id": before_id or _NEWEST, "has_plans": has_plans, "limit": limit}
    if actor.role == Role.ADMIN:
        return [_batch(row) for row in sql.list_batches(conn, **given)]
    return [_batch(row) for row in sql.list_batches_of(conn, user_id=actor.id, **given)]


def list_active(conn: db.Connection, *, actor: User, limit: int = 10) -> list[dict[str, Any]]:
    """What the actor has running, for the tray."""
    return list(sql.list_active_of(conn, user_id=actor.id, limit=limit))


def progress(conn: db.Connection, *, batch: Batch) -> Progress:
    failures = [
        Failure(Category(row["category"]), row["count"], row["message"])
        for row in items_sql.list_failures(conn, batch_id=batch.id)
    ]
    rate = items_sql.get_rate(conn, batch_id=batch.id, over=_RATE_OVER)
    is_moving = batch.status is BatchStatus.RUNNING
    left_s = (batch.total - batch.done) / rate if rate and is_moving else None
    return Progress(failures, rate, left_s, workers.is_any_alive(conn, kind="batch"))


def list_items(
    conn: db.Connection,
    *,
    actor: User,
    batch_id: int,
    status: ItemStatus | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[Item]:
    """In their order, beyond the position `after`. Raises NotFound as `get` does."""
    get(conn, actor=actor, batch_id=batch_id)
    if status is None:
        rows = items_sql.list_items(conn, batch_id=batch_id, after=after, limit=limit)
    else:
        rows = items_sql.list_items_by_status(conn, batch_id=batch_id, status=status, after=after, limit=limit)
    return [_item(row) for row in rows]


def update(
    conn: db.Connection, *, actor: User, batch_id: int, concurrency: int, priority: int, budget: Decimal | None
) -> Batch:
    """How much at once, which share, how much money: at any time before its end."""
    _change(conn, actor, batch_id)
    _check_limits(concurrency, priority, budget)
    sql.set_limits(conn, batch_id=batch_id, concurrency=concurrency, priority=priority, budget=budget)
    _estimate(conn, actor, batch_id)
    batch = get(conn, actor=actor, batch_id=batch_id)
    if batch.status is not BatchStatus.DRAFT:
        _enforce_budget(conn, actor, batch)
    return batch


def start(conn: db.Connection, *, actor: User, batch_id: int) -> Batch:
    """Begin a draft, as its kind begins one. Raises Conflict for any other."""
    batch = _queue(conn, actor, batch_id, BatchStatus.DRAFT, "Only a draft can be started; this batch is {}.")
    begin = kinds.get(batch.kind).begin
    if begin is None:
        return batch
    begin(conn, actor, batch)
    return get(conn, actor=actor, batch_id=batch_id)


def pause(conn: db.Connection, *, actor: User, batch_id: int) -> Batch:
    """Begin nothing more; what runs goes on to its end. Raises Conflict unless it runs."""
    _change(conn, actor, batch_id)
    if sql.pause_batch(conn, batch_id=batch_id, note=None) is None:
        raise _wrong(conn, actor, batch_id, "Only a running batch can be paused; this one is {}.")
    return get(conn, actor=actor, batch_id=batch_id)


def resume(conn: db.Connection, *, actor: User, batch_id: int) -> Batch:
    """Go on with what was never tried. Raises Conflict unless it is paused."""
    return _queue(conn, actor, batch_id, BatchStatus.PAUSED, "Only a paused batch can be resumed; this one is {}.")


def cancel(conn: db.Connection, *, actor: User, batch_id: int) -> Batch:
    """Stop for good: what runs is stopped within a second, the rest is not begun. Raises Conflict when it is over."""
    _change(conn, actor, batch_id)
    if sql.cancel_batch(conn, batch_id=batch_id) is None:
        raise _wrong(conn, actor, batch_id, "This batch is {}; there is nothing to stop.")
    items_sql.cancel_queued(conn, batch_id=batch_id)
    items_sql.cancel_queued_tasks(conn, batch_id=batch_id)
    list(items_sql.cancel_running(conn, batch_id=batch_id))
    return get(conn, actor=actor, batch_id=batch_id)


def discard(conn: db.Connection, *, actor: User, batch_id: int) -> None:
    """A draft is gone, with its items: nothing was asked. Raises Conflict for any other."""
    _change(conn, actor, batch_id)
    if not sql.delete_draft(conn, batch_id=batch_id):
        raise _wrong(conn, actor, batch_id, "Only a draft can be discarded; this batch is {}. Cancel it instead.")


def retry(conn: db.Connection, *, actor: User, batch_id: int) -> Batch:
    """Ask again for what failed; attempts add up. A paused batch stays paused, one that had ended goes on. Raises
    Conflict when nothing failed, and for a cancelled batch."""
    _change(conn, actor, batch_id)
    batch = get(conn, actor=actor, batch_id=batch_id)
    if batch.status is BatchStatus.CANCELLED:
        raise Conflict("This batch was cancelled. Plan a new one.")
    if not batch.failed:
        raise Conflict("Nothing failed in this batch.")
    items_sql.requeue_failed_tasks(conn, batch_id=batch_id)
    items_sql.requeue_failed(conn, batch_id=batch_id)
    waiting_sql.hold_dropped(conn, batch_id=batch_id)
    if batch.status is not BatchStatus.PAUSED:
        going = [BatchStatus.QUEUED, BatchStatus.RUNNING, BatchStatus.COMPLETED, BatchStatus.FAILED]
        sql.queue_batch(conn, batch_id=batch_id, user_id=actor.id, statuses=going)
        _enforce_budget(conn, actor, batch)
    return get(conn, actor=actor, batch_id=batch_id)


def _enforce_budget(conn: db.Connection, actor: User, batch: Batch) -> None:
    """From the next call on, until the batch has ended (items.tend)."""
    budgets.set_for_batch(conn, actor=actor, batch_id=batch.id, amount=batch.budget)


def _change(conn: db.Connection, actor: User, batch_id: int) -> None:
    permissions.require(actor, Permission.RUN_TASKS)
    get(conn, actor=actor, batch_id=batch_id)
    sql.lock_batch(conn, batch_id=batch_id)


def _queue(conn: db.Connection, actor: User, batch_id: int, status: BatchStatus, refusal: str) -> Batch:
    _change(conn, actor, batch_id)
    if sql.queue_batch(conn, batch_id=batch_id, user_id=actor.id, statuses=[status]) is None:
        raise _wrong(conn, actor, batch_id, refusal)
    batch = get(conn, actor=actor, batch_id=batch_id)
    _enforce_budget(conn, actor, batch)
    return batch


def _wrong(conn: db.Connection, actor: User, batch_id: int, refusal: str) -> Conflict:
    return Conflict(refusal.format(get(conn, actor=actor, batch_id=batch_id).status))


def _check_limits(concurrency: int, priority: int, budget: Decimal | None) -> None:
    errors = {}
    if not 1 <= concurrency <= CONCURRENCY_MAX:
        errors["concurrency"] = f"Between 1 and {CONCURRENCY_MAX} items may be asked at once."
    if not 1 <= priority <= PRIORITY_MAX:
        errors["priority"] = f"The priority is a number from 1 to {PRIORITY_MAX}."
    if budget is not None and not (budget.is_finite() and 0 < budget < 1_000_000):
        errors["budget"] = "The budget is an amount in USD above 0 and below a million."
    if errors:
        raise Invalid(" ".join(errors.values()), errors)


def _add(conn: db.Connection, batch_id: int, items: Sequence[Planned]) -> None:
    if not items:
        raise Invalid.field("items", "There is nothing to ask: a batch needs at least one item.")
    for start_at in range(0, len(items), _CHUNK):
        rows = [row_of(number, item) for number, item in enumerate(items[start_at : start_at + _CHUNK], 1)]
        items_sql.add_items(conn, batch_id=batch_id, items=Jsonb(rows))


def row_of(ordinal: int, item: Planned) -> dict[str, Any]:
    """As it is written to its row."""
    row = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    said: Sequence[Mapping[str, str]] = item.messages
    tokens = item.prompt_tokens
    if tokens is None:
        tokens = pricing.estimate_prompt(Message.of(message["role"], message["content"]) for message in said)
    return row | {"ordinal": ordinal, "prompt_tokens": tokens, "part_version_ids": list(item.part_version_ids)}


def _estimate(conn: db.Connection, actor: User, batch_id: int) -> None:
    """Raises Invalid when nobody can be asked, or when a budget is set and a price is missing."""
    batch = get(conn, actor=actor, batch_id=batch_id)
    estimate, item_cost = estimates.make(conn, batch_id=batch_id, user_id=actor.id, concurrency=batch.concurrency)
    if batch.budget is not None and item_cost is None:
        message = (
            "A budget needs the prices of all models that may answer. Set them under LLM, Models, or give no budget."
        )
        raise Unfit.field("budget", message)
    stored = dataclasses.asdict(estimate) | {
        "cost_low": _text(estimate.cost_low), "cost_high": _text(estimate.cost_high)
    }  # fmt: skip
    sql.set_estimate(conn, batch_id=batch_id, estimate=Jsonb(stored), item_cost=item_cost)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _batch(row: dict[str, Any]) -> Batch:
    return Batch(**row | {"status": BatchStatus(row["status"]), "estimate": estimates.of(row["estimate"])})


def _item(row: dict[str, Any]) -> Item:
    category = row["error_category"]
    enums = {
        "status": ItemStatus(row["status"]),
        "error_category": Category(category) if category else None,
        "cost_source": Source(row["cost_source"]),
    }
    return Item(**row | enums)
