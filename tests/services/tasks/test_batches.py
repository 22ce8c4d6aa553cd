"""Batches and their items as rows: rights, planning, estimates, and counts that are right whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from blogforge_llm import db
from blogforge_llm.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.batches import Batch, BatchStatus, Ended
from blogforge_llm.records.prompts import Block
from blogforge_llm.records.tasks import Category, Task
from blogforge_llm.services.prompts import templates
from blogforge_llm.services.tasks import batches, items, planning, tables, tasks
from tests import factories


def make(conn: db.Connection, actor: User, count: int = 3, **options: object) -> Batch:
    rows = [planning.Row(messages=[{"role": "user", "content": f"Item {n}"}]) for n in range(count)]
    return batches.plan(conn, actor=actor, title="A batch", items=planning.plan(conn, rows), **options)  # type: ignore[arg-type]


@pytest.fixture
def route(conn: db.Connection) -> Iterator[int]:
    model_id = factories.make_model(conn, name="echo", input_price="1", output_price="2")
    yield factories.make_route(conn, model_ids=[model_id])


@pytest.mark.usefixtures("route")
def test_a_batch_is_its_owners_and_the_admins(
    conn: db.Connection, ada: User, alice: User, bob: User, charlie: User
) -> None:
    batch = make(conn, alice)
    assert batches.get(conn, actor=ada, batch_id=batch.id).title == "A batch"
    for stranger in (bob, charlie):
        with pytest.raises(NotFound):
            batches.get(conn, actor=stranger, batch_id=batch.id)
        with pytest.raises(NotFound):
            batches.list_items(conn, actor=stranger, batch_id=batch.id)
        assert batches.list_(conn, actor=stranger) == []
    with pytest.raises(NotFound):
        batches.start(conn, actor=bob, batch_id=batch.id)
    with pytest.raises(Forbidden):
        make(conn, charlie)


@pytest.mark.usefixtures("route")
def test_the_estimate_is_there_before_anything_is_asked(conn: db.Connection, alice: User) -> None:
    batch = make(conn, alice, 100)
    estimate = batch.estimate
    assert (batch.status, estimate.items, batch.total) == (BatchStatus.DRAFT, 100, 100)
    assert estimate.input_tokens == 200 and estimate.cost_low and estimate.cost_high
    assert 0 < estimate.cost_low < estimate.cost_high
    assert estimate.seconds is None


@pytest.mark.usefixtures("route")
def test_adding_an_item_twice_is_adding_it_once(conn: db.Connection, alice: User) -> None:
    batch = make(conn, alice, 3)
    rows = [planning.Row(messages=[{"role": "user", "content": "Other"}], key=key) for key in ("2", "new")]
    batch = batches.add(conn, actor=alice, batch_id=batch.id, items=planning.plan(conn, rows))
    assert (batch.total, batch.estimate.items) == (4, 4)
    batches.start(conn, actor=alice, batch_id=batch.id)
    with pytest.raises(Conflict, match="draft"):
        batches.add(conn, actor=alice, batch_id=batch.id, items=planning.plan(conn, rows))


@pytest.mark.usefixtures("route")
def test_rows_that_cannot_be_asked_are_named_each(conn: db.Connection, ada: User) -> None:
    blocks = [Block(role="user", content="Describe {{ product }}.")]  # type: ignore[arg-type]
    template = templates.create(conn, actor=ada, name="Describe", blocks=blocks)
    rows = tables.read("product,key\na kilt,1\n,2\na sash,3\n")
    with pytest.raises(Invalid) as refusal:
        planning.plan(conn, rows, template_id=template.id)
    assert list(refusal.value.errors) == ["items.1"]
    assert "product" in refusal.value.errors["items.1"]
    planned = planning.plan(conn, [rows[0], rows[2]], template_id=template.id)
    assert [item.messages[0]["content"] for item in planned] == ["Describe a kilt.", "Describe a sash."]
    assert [item.key for item in planned] == ["1", "3"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"), ("a,b\n1", "Line 2 has 1 cells"), ("a,a\n1,2", "each name once"), ("a\n", "line of names"),
        ('{"a": 1}\n[1]', "Line 2"), ('{"a": ', "Line 1 is not JSON"), ('a\n"x', "not CSV"),
    ],
)  # fmt: skip
def test_rows_that_are_no_table_are_refused_with_the_line(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        tables.read(text)


def test_json_lines_keep_lists_and_name_rows_by_key() -> None:
    first, second = tables.read('{"key": 7, "facts": ["a", "b"]}\n{"facts": []}\n')
    assert (first.key, first.inputs, second.key) == ("7", {"facts": ["a", "b"]}, None)


@pytest.mark.usefixtures("route")
def test_a_cell_that_looks_like_a_formula_is_defused(conn: db.Connection, alice: User) -> None:
    rows = [planning.Row(messages=[{"role": "user", "content": "Hi"}], key="=cmd|calc")]
    batch = batches.plan(conn, actor=alice, title="A batch", items=planning.plan(conn, rows))
    written = "".join(tables.as_csv(tables.pages(alice, batch.id)))
    assert ",'=cmd|calc," in written.replace("\r\n", "\n")


class Machine(RuleBasedStateMachine):
    """Random people and workers: the counts stay those of the items, and no stored answer is asked for again."""

    conn: db.Connection
    actor: User

    @initialize(count=st.integers(1, 8), concurrency=st.integers(1, 4))
    def begin(self, count: int, concurrency: int) -> None:
        self.batch = make(self.conn, self.actor, count, concurrency=concurrency)
        self.worker, self.held, self.answered = uuid4(), list[Task](), set[int]()

    @rule()
    def work(self) -> None:
        locked = items.lock(self.conn, batch_ids=[])
        self.conn.execute("INSERT INTO workers (id, host, pid, kind) VALUES (%s, '', 1, 'batch') "
                          "ON CONFLICT DO NOTHING", (self.worker,))  # fmt: skip
        claimed = items.claim(self.conn, locked, slots=3, ahead={}, worker_id=self.worker)
        assert not {task.id for task in claimed} & self.answered
        self.held += claimed

    @rule(status=st.sampled_from(["succeeded", "failed", "released", "cancelled"]), many=st.integers(1, 3))
    def end(self, status: str, many: int) -> None:
        ends, self.held = self.held[:many], self.held[many:]
        items.lock(self.conn, batch_ids=[self.batch.id])
        category = Category.SERVER_ERROR if status == "failed" else None
        done = [Ended(task.id, task.run_id or uuid4(), status, "Yes.", error_category=category) for task in ends]
        finished = items.finish(self.conn, done)
        self.answered |= {item.task_id for item in finished if item.status == "succeeded"}
        assert items.finish(self.conn, done) == []  # said twice, done once

    @rule()
    def crash(self) -> None:
        self.conn.execute("DELETE FROM workers WHERE id = %s", (self.worker,))
        lost = items.requeue_lost(self.conn)
        assert sorted(lost) == sorted(task.id for task in self.held)
        dead, self.held, self.worker = self.held, [], uuid4()
        late = [Ended(task.id, task.run_id or uuid4(), "succeeded", "Late.") for task in dead]
        assert items.finish(self.conn, late) == []

    @rule(change=st.sampled_from([batches.start, batches.pause, batches.resume, batches.retry, batches.cancel]))
    def person(self, change: object) -> None:
        try:
            with self.conn.transaction():
                change(self.conn, actor=self.actor, batch_id=self.batch.id)  # type: ignore[operator]
        except DomainError:
            pass

    @invariant()
    def counts_are_those_of_the_items(self) -> None:
        if not hasattr(self, "batch"):
            return
        batch = batches.get(self.conn, actor=self.actor, batch_id=self.batch.id)
        rows = batches.list_items(self.conn, actor=self.actor, batch_id=batch.id, limit=100)
        found = Counter(item.status.value for item in rows)
        names = ("queued", "running", "succeeded", "failed", "cancelled")
        assert {name: getattr(batch, name) for name in names} == {name: found[name] for name in names}
        assert batch.running == len(self.held) <= batch.concurrency
        if batch.status in (BatchStatus.COMPLETED, BatchStatus.FAILED):
            assert batch.queued == batch.running == 0 and batch.finished_at
        for item in rows:
            if item.task_id is not None:
                task = tasks.get(self.conn, task_id=item.task_id)
                assert task.status.value == item.status.value or item.status == "cancelled"


@pytest.mark.usefixtures("route")
def test_items_that_end_in_one_moment_have_a_believable_rate(conn: db.Connection, alice: User) -> None:
    batch = batches.start(conn, actor=alice, batch_id=make(conn, alice, 4).id)
    conn.execute("INSERT INTO workers (id, host, pid, kind) VALUES (%s, '', 1, 'batch')", (worker := uuid4(),))
    claimed = items.claim(conn, items.lock(conn, batch_ids=[]), slots=3, ahead={}, worker_id=worker)
    assert batches.progress(conn, batch=batch).rate is None
    items.finish(conn, [Ended(task.id, task.run_id or uuid4(), "succeeded", "Yes.") for task in claimed])
    conn.execute("UPDATE items SET finished_at = now() WHERE task_id IS NOT NULL")
    conn.execute("UPDATE tasks SET started_at = now() - interval '6 s'")
    assert batches.progress(conn, batch=batch).rate == pytest.approx(0.5)


@pytest.mark.usefixtures("route")
def test_totals_are_exact_whatever_people_and_crashes_do(conn: db.Connection, alice: User) -> None:
    class OnThisConnection(Machine):
        def __init__(self) -> None:
            super().__init__()
            self.conn, self.actor = conn, alice

        def teardown(self) -> None:
            conn.execute("DELETE FROM items; DELETE FROM tasks; DELETE FROM batches; DELETE FROM workers")

    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        OnThisConnection, settings=settings(max_examples=40, stateful_step_count=25, deadline=None,
                                            suppress_health_check=checks),
    )  # fmt: skip
