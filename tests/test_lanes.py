"""Batches asked for real, in this process: lanes, rows and the provider stand-in's ledger side by side."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from blogforge_llm import db, runner
from blogforge_llm.config import Settings
from blogforge_llm.errors import Invalid
from blogforge_llm.lanes import Lanes
from blogforge_llm.presence import presence
from blogforge_llm.records.accounts import User
from blogforge_llm.records.batches import Batch, BatchStatus, Item, ItemStatus
from blogforge_llm.records.tasks import AttemptStatus, Category
from blogforge_llm.services.tasks import attempts, batches, kinds, planning, recovery, tasks
from tests import factories
from tests.installation import wait_until
from tests.provider_standin import Standin

OVER = {BatchStatus.COMPLETED, BatchStatus.FAILED, BatchStatus.CANCELLED, BatchStatus.PAUSED}


class Desk:
    """Somebody's batches on a route of the stand-in's models."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        with db.transaction() as conn:
            self.alice = factories.make_user(conn, name="Alice")
            provider_id = factories.make_provider(conn, kind="groq", base_url=standin.groq_url)
            self.model_id, self.other_id = factories.make_models(conn, provider_id=provider_id, names=["ok", "other"])
            factories.make_route(conn, model_ids=[self.model_id])

    def plan(self, count: int, *, start: bool = True, says: str = "Item", **options: Any) -> int:
        rows = [planning.Row(messages=[{"role": "user", "content": f"{says} {n}"}]) for n in range(1, count + 1)]
        parameters = options.pop("parameters", None)
        with db.transaction() as conn:
            items = planning.plan(conn, rows, parameters=parameters, deadline_s=20)
            batch = batches.plan(conn, actor=self.alice, title="A batch", items=items, **options)
        if start:
            self.do(batches.start, batch.id)
        return batch.id

    def do(self, change: Callable[..., Batch], batch_id: int, **values: Any) -> Batch:
        with db.transaction() as conn:
            return change(conn, actor=self.alice, batch_id=batch_id, **values)

    def get(self, batch_id: int) -> Batch:
        with db.connection() as conn:
            return batches.get(conn, actor=self.alice, batch_id=batch_id)

    def items(self, batch_id: int, **filters: Any) -> list[Item]:
        with db.connection() as conn:
            return batches.list_items(conn, actor=self.alice, batch_id=batch_id, limit=10_000, **filters)

    def wait(self, batch_id: int, timeout: float = 30) -> Batch:
        wait_until(
            lambda: self.get(batch_id).status in OVER and not self.get(batch_id).running, timeout=timeout, every=0.02
        )
        return self.get(batch_id)

    def asked(self) -> list[str]:
        return [request.body["messages"][-1]["content"] for request in self.standin.requests]


@pytest.fixture
def desk(pool: str, settings: Settings, standin: Standin) -> Iterator[Desk]:
    runner.configure(settings)
    presence.join("web")
    presence.running.clear()
    with db.transaction() as conn:  # this process may have joined in another test's database
        conn.execute(
            "INSERT INTO workers (id, host, pid, kind) VALUES (%s, 'here', 1, 'batch') ON CONFLICT DO NOTHING",
            (presence.worker_id,),
        )
    yield Desk(standin)


@contextlib.contextmanager
def working(slots: int = 8) -> Iterator[Lanes]:
    lanes = Lanes(slots)
    thread = threading.Thread(target=lanes.run)
    thread.start()
    try:
        yield lanes
    finally:
        lanes.stop()
        lanes.abandon()
        thread.join(10)
        assert not thread.is_alive()


def test_every_item_is_a_task_with_its_attempt_and_counts_agree_with_the_ledger(desk: Desk, standin: Standin) -> None:
    batch_id = desk.plan(40, concurrency=8)
    with working():
        batch = desk.wait(batch_id)
    assert (batch.status, batch.succeeded, batch.total) == (BatchStatus.COMPLETED, 40, 40)
    totals = standin.totals()
    assert (totals.requests, totals.input_tokens, totals.output_tokens) == (
        40, batch.input_tokens, batch.output_tokens
    )  # fmt: skip
    assert batch.cost == Decimal(totals.input_tokens + 2 * totals.output_tokens) / 1_000_000
    assert sorted(desk.asked()) == sorted(f"Item {n}" for n in range(1, 41))
    for item in desk.items(batch_id):
        assert item.task_id is not None
        with db.connection() as conn:
            task, (attempt,) = tasks.get(conn, task_id=item.task_id), attempts.list_(conn, task_id=item.task_id)
        assert (task.batch_id, task.output, attempt.status) == (batch_id, item.output, AttemptStatus.SUCCEEDED)
        assert task.messages == [{"role": "user", "content": f"Item {item.position}"}]


def test_no_more_than_the_concurrency_is_asked_at_once(desk: Desk, standin: Standin) -> None:
    gate = standin.hold("ok")
    batch_id = desk.plan(20, concurrency=3)
    with working():
        standin.wait_for_request(3, timeout=10)
        assert desk.get(batch_id).running == 3
        gate.release()
        desk.wait(batch_id)
    spans = [(request.received_at, 1) for request in standin.requests]
    spans += [(request.ended_at or 0, -1) for request in standin.requests]
    level = peak = 0
    for _, step in sorted(spans):
        level += step
        peak = max(peak, level)
    assert peak <= 3


def test_pause_lets_running_items_end_and_resume_goes_on_with_the_rest(desk: Desk, standin: Standin) -> None:
    gate = standin.hold("ok")
    batch_id = desk.plan(10, concurrency=4)
    with working():
        standin.wait_for_request(4, timeout=10)
        desk.do(batches.pause, batch_id)
        gate.release()
        paused = desk.wait(batch_id)
        assert (paused.status, paused.succeeded, paused.queued) == (BatchStatus.PAUSED, 4, 6)
        desk.do(batches.resume, batch_id)
        done = desk.wait(batch_id)
    assert (done.status, done.succeeded) == (BatchStatus.COMPLETED, 10)
    assert sorted(desk.asked()) == sorted(f"Item {n}" for n in range(1, 11))


def test_cancel_stops_running_calls_that_would_not_end_by_themselves(desk: Desk, standin: Standin) -> None:
    standin.hold("ok")
    batch_id = desk.plan(10, concurrency=4)
    with working():
        standin.wait_for_request(4, timeout=10)
        desk.do(batches.cancel, batch_id)
        assert all(request.client_left for request in standin.wait_for_end(4, timeout=5))
        wait_until(lambda: desk.get(batch_id).running == 0, timeout=5)
    batch = desk.get(batch_id)
    assert (batch.status, batch.cancelled, batch.queued) == (BatchStatus.CANCELLED, 10, 0)
    assert len(standin.requests) == 4


def test_what_failed_is_named_by_category_and_retried_alone(desk: Desk, standin: Standin) -> None:
    standin.answer("ok", "Yes.")
    standin.script("ok", ["status:400"] * 3)
    batch_id = desk.plan(8, concurrency=1)
    with working():
        batch = desk.wait(batch_id)
        assert (batch.status, batch.succeeded, batch.failed) == (BatchStatus.COMPLETED, 5, 3)
        with db.connection() as conn:
            (failure,) = batches.progress(conn, batch=batch).failures
        assert (failure.category, failure.count) == (Category.INVALID_REQUEST, 3)
        desk.do(batches.retry, batch_id)
        batch = desk.wait(batch_id)
    assert (batch.status, batch.succeeded, batch.failed) == (BatchStatus.COMPLETED, 8, 0)
    assert len(standin.requests) == 11
    assert [item.attempts for item in desk.items(batch_id)] == [2, 2, 2, 1, 1, 1, 1, 1]


def test_a_dead_key_pauses_the_batch_instead_of_failing_every_item(desk: Desk, standin: Standin) -> None:
    standin.behave("ok", "status:401")
    batch_id = desk.plan(50, concurrency=2)
    with working():
        batch = desk.wait(batch_id)
    assert batch.status is BatchStatus.PAUSED
    assert batch.note
    assert batch.failed <= 4 and batch.queued >= 46
    assert len(standin.requests) <= 4


def test_a_rate_limit_rests_the_batch_and_fails_nothing(desk: Desk, standin: Standin) -> None:
    standin.answer("ok", "Yes.")
    standin.script("ok", ["status:429;retry-after=1"] * 2)
    batch_id = desk.plan(6, concurrency=2)
    with working():
        batch = desk.wait(batch_id)
    assert (batch.status, batch.succeeded, batch.failed) == (BatchStatus.COMPLETED, 6, 0)
    assert len(standin.requests) <= 10


def test_the_budget_stops_before_it_is_overspent_and_more_of_it_goes_on(desk: Desk, standin: Standin) -> None:
    standin.answer("ok", "Yes. " * 100)
    batch_id = desk.plan(20, concurrency=4, start=False, parameters={"max_tokens": 200})
    one = desk.get(batch_id).item_cost
    assert one is not None
    desk.do(batches.update, batch_id, concurrency=4, priority=5, budget=3 * one)
    desk.do(batches.start, batch_id)
    with working():
        batch = desk.wait(batch_id)
        assert batch.status is BatchStatus.PAUSED and "budget" in (batch.note or "")
        assert batch.budget is not None and 0 < batch.cost <= batch.budget
        desk.do(batches.update, batch_id, concurrency=4, priority=5, budget=None)
        desk.do(batches.resume, batch_id)
        assert desk.wait(batch_id).status is BatchStatus.COMPLETED


def test_a_budget_without_prices_is_refused(desk: Desk) -> None:
    with db.transaction() as conn:
        conn.execute("UPDATE models SET input_price = NULL")
    with pytest.raises(Invalid, match="prices"):
        desk.plan(3, budget=Decimal(1))


def test_ten_batches_at_once_share_the_slots_fairly(desk: Desk, standin: Standin) -> None:
    gate = standin.hold("ok")
    ids = [desk.plan(30, concurrency=30, says=f"Batch {n} item") for n in range(10)]
    with working(slots=20):
        standin.wait_for_request(20, timeout=10)
        assert [desk.get(batch_id).running for batch_id in ids] == [2] * 10
        gate.release()
        for batch_id in ids:
            desk.wait(batch_id, timeout=60)
    assert all(desk.get(batch_id).succeeded == 30 for batch_id in ids)


def test_priority_is_the_share_of_the_slots(desk: Desk, standin: Standin) -> None:
    standin.hold("ok")
    small, large = desk.plan(30, concurrency=30, priority=1), desk.plan(30, concurrency=30, priority=3)
    with working(slots=16):
        standin.wait_for_request(16, timeout=10)
        assert (desk.get(small).running, desk.get(large).running) == (4, 12)


def test_a_stopping_worker_gives_back_what_it_holds(desk: Desk, standin: Standin) -> None:
    gate = standin.hold("ok")
    batch_id = desk.plan(6, concurrency=3)
    with working():
        standin.wait_for_request(3, timeout=10)
    batch = desk.get(batch_id)
    assert (batch.status, batch.queued, batch.running) == (BatchStatus.RUNNING, 6, 0)
    gate.release()
    with working():
        assert desk.wait(batch_id).succeeded == 6


def test_items_of_a_dead_worker_are_asked_again_and_stored_answers_are_not(desk: Desk, standin: Standin) -> None:
    batch_id = desk.plan(10, concurrency=4)
    with working():
        desk.wait(batch_id)
    with db.transaction() as conn:  # as if the worker had died in the middle: its row is silent, two items run
        conn.execute("UPDATE workers SET beat_at = now() - interval '1 minute'")
        conn.execute("UPDATE tasks SET status = 'running', run_id = gen_random_uuid(), output = NULL WHERE id IN "
                     "(SELECT task_id FROM items WHERE batch_id = %s AND position <= 2)", (batch_id,))  # fmt: skip
        conn.execute("UPDATE items SET status = 'running' WHERE batch_id = %s AND position <= 2", (batch_id,))
        conn.execute("UPDATE batches SET status = 'running' WHERE id = %s", (batch_id,))
    with db.transaction() as conn:
        assert len(recovery.requeue_lost(conn)) == 2
        conn.execute("UPDATE workers SET beat_at = now() + interval '1 hour'")
    with working():
        batch = desk.wait(batch_id)
    assert (batch.status, batch.succeeded) == (BatchStatus.COMPLETED, 10)
    assert sorted(desk.asked()) == sorted([*(f"Item {n}" for n in range(1, 11)), "Item 1", "Item 2"])


def test_a_kind_uses_every_answer_once_in_the_transaction_that_stores_it(desk: Desk) -> None:
    used: list[tuple[int, str | None]] = []

    def use(conn: db.Connection, item: Any, task: Any) -> None:
        if len(used) == 2:
            used.append((item.item_id, None))
            raise Invalid("It has no heading.")
        used.append((item.item_id, task.output))

    kinds.register(kinds.Kind("test", "Test", use))
    batch_id = desk.plan(5, concurrency=1, kind="test")
    with working():
        batch = desk.wait(batch_id)
    assert (batch.succeeded, batch.failed, len(used)) == (4, 1, 5)
    (failed,) = desk.items(batch_id, status=ItemStatus.FAILED)
    assert failed.error_message == "It has no heading."


def test_a_batch_whose_starter_was_deactivated_is_paused(desk: Desk, standin: Standin) -> None:
    batch_id = desk.plan(5)
    with db.transaction() as conn:
        conn.execute("UPDATE users SET is_active = false WHERE id = %s", (desk.alice.id,))
        ada = factories.make_user(conn, name="Ada", role="admin")
    with working():
        wait_until(lambda: _get(ada, batch_id).status is BatchStatus.PAUSED, timeout=10)
    assert not standin.requests


def _get(actor: User, batch_id: int) -> Batch:
    with db.connection() as conn:
        return batches.get(conn, actor=actor, batch_id=batch_id)
