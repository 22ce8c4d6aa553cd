"""Budgets: what is held before a call, what is booked after it; with real connections, and against a model."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.engine.admission import Refusal
from blogforge_llm.engine.budgets import Budgets
from blogforge_llm.engine.types import NO_TOKENS, Candidate, Message, Outcome, Parameters, Request, Usage
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import AttemptStatus, Category, Source
from blogforge_llm.services.ops import ledger
from blogforge_llm.services.tasks import attempts, tasks
from tests import factories

HELLO = [Message.of("user", "Hi")]
NOT_SENT = Outcome(AttemptStatus.CANCELLED, Category.CANCELLED, usage=NO_TOKENS)
DOLLAR = Decimal(1)


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert total("amount", "budget_holds") == 0, "something is held for nobody"


@pytest.fixture
def alice() -> User:
    with db.transaction() as conn:
        return factories.make_user(conn)


@pytest.fixture
def llama() -> Candidate:
    """A call to it costs a millionth of its max_tokens at most: nothing for the prompt."""
    with db.transaction() as conn:
        made = factories.make_candidate(conn)
    return replace(made, input_price=Decimal(0), output_price=DOLLAR, has_budgets=True)


def set_budget(amount: int | str, scope: str = "instance", period: str = "ever", **of: Any) -> None:
    with db.connection() as conn:
        conn.execute(
            "INSERT INTO budgets (scope, user_id, batch_id, period, amount, refuses_unpriced)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (scope, of.get("user_id"), of.get("batch_id"), period, amount, of.get("refuses_unpriced", False)),
        )


def total(column: str, table: str) -> Decimal:
    with db.connection() as conn:
        row = conn.execute(f"SELECT coalesce(sum({column}), 0) AS total FROM {table}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    return Decimal(row["total"])


@dataclass
class Call:
    """One call of a task of its own, as recorder.py and fallback.py make it."""

    user: User
    asked: Candidate
    dollars: int
    billed_to: str | None = None
    run_id: UUID = field(default_factory=uuid4)
    attempt_id: int = 0

    def __post_init__(self) -> None:
        with db.transaction() as conn:
            self.task_id = tasks.add(conn, actor=self.user, messages=HELLO, billed_to=self.billed_to, is_queued=False)
            conn.execute("UPDATE tasks SET status = 'running', run_id = %s WHERE id = %s", (self.run_id, self.task_id))
        request = Request(tuple(HELLO), Parameters(max_tokens=self.dollars * 1_000_000))
        self.budgets = Budgets(request, task_id=self.task_id, run_id=self.run_id)

    def admit(self) -> Refusal | None:
        return self.budgets.may_ask(self.asked)

    def begin(self) -> Call:
        assert self.admit() is None
        return self.send()

    def send(self) -> Call:
        with db.connection() as conn:
            row = attempts.create(conn, task_id=self.task_id, run_id=self.run_id, candidate=self.asked, messages=None)
        assert row is not None
        self.attempt_id = row[0]
        return self

    def end(self, cost: int | str, *, status: AttemptStatus = AttemptStatus.SUCCEEDED) -> None:
        outcome = Outcome(status, usage=Usage(1, 1, Source.KNOWN), cost=Decimal(cost), cost_source=Source.KNOWN)
        self.budgets.report(self.asked, outcome)
        with db.transaction() as conn:
            attempts.finish(conn, attempt_id=self.attempt_id, outcome=outcome)

    def die(self) -> None:
        """Its process did, and the reaper came."""
        with db.transaction() as conn:
            attempts.abandon(conn, task_id=self.task_id)


def refused(call: Call) -> Refusal:
    refusal = call.admit()
    assert refusal is not None and refusal.category is Category.BUDGET_EXCEEDED
    return refusal


def test_without_budgets_no_query_is_made(alice: User, llama: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call(alice, replace(llama, has_budgets=False), 5)
    with monkeypatch.context() as patch:
        patch.setattr(db, "connection", lambda: pytest.fail("asked the database"))
        assert call.admit() is None
        call.budgets.report(llama, NOT_SENT)


def test_a_budget_set_while_a_run_goes_on_holds_for_its_next_call(alice: User, llama: Candidate) -> None:
    call = Call(alice, replace(llama, has_budgets=False), 5).begin()
    set_budget(1)
    call.end(0, status=AttemptStatus.FAILED)
    refused(call)


def test_what_running_calls_may_cost_is_held_and_the_rest_comes_back(alice: User, llama: Candidate) -> None:
    set_budget(10)
    running = Call(alice, llama, 6).begin()
    refusal = refused(Call(alice, llama, 6))
    assert refusal.may_wait, "the running call may cost less than is held for it"
    assert "$6.00 of it held by calls that run" in refusal.message
    running.end(3)
    Call(alice, llama, 6).begin().end(6)
    refusal = refused(Call(alice, llama, 2))
    assert not refusal.may_wait and "has $1.00 left, and a call to" in refusal.message
    Call(alice, llama, 1).begin().end(1)
    assert "is used up. Ask an admin to raise it." in refused(Call(alice, llama, 1)).message


def test_a_success_is_held_until_its_row_is_written(alice: User, llama: Candidate) -> None:
    """The answer's row is written with the task's end, after the engine was told: in between it must count."""
    set_budget(10)
    running = Call(alice, llama, 9).begin()
    outcome = Outcome(AttemptStatus.SUCCEEDED, usage=Usage(1, 1, Source.KNOWN), cost=Decimal(9))
    running.budgets.report(llama, outcome)
    refused(Call(alice, llama, 2))
    running.end(1)
    Call(alice, llama, 9).begin().end(9)


def test_what_was_held_for_a_dead_process_comes_back(alice: User, llama: Candidate) -> None:
    set_budget(10)
    Call(alice, llama, 9).begin().die()
    before_its_row = Call(alice, llama, 9)
    assert before_its_row.admit() is None
    with db.connection() as conn:
        conn.execute("UPDATE budget_holds SET until = clock_timestamp() - interval '1 second'")
    Call(alice, llama, 10).begin().end(10)
    before_its_row.budgets.report(llama, NOT_SENT)


def test_a_call_that_was_not_made_gives_back_what_was_held(alice: User, llama: Candidate) -> None:
    set_budget(10)
    call = Call(alice, llama, 10)
    assert call.admit() is None
    call.budgets.report(llama, NOT_SENT)
    Call(alice, llama, 10).begin().end(10)


def test_a_free_model_fits_a_spent_budget(alice: User, llama: Candidate) -> None:
    set_budget(0)
    refused(Call(alice, llama, 1))
    assert Call(alice, replace(llama, output_price=Decimal(0)), 1).admit() is None


def test_an_unknown_price_holds_nothing_unless_the_budget_refuses_it(alice: User, llama: Candidate) -> None:
    unpriced = replace(llama, output_price=None)
    set_budget(10)
    Call(alice, llama, 9).begin().end(9)
    assert Call(alice, unpriced, 5).admit() is None
    Call(alice, llama, 1).begin().end(1)
    assert "is used up" in refused(Call(alice, unpriced, 5)).message
    set_budget(10, "user", user_id=alice.id, period="month", refuses_unpriced=True)
    with db.connection() as conn:
        conn.execute("UPDATE budgets SET amount = 100")
    assert "lets nobody ask models without a price" in refused(Call(alice, unpriced, 5)).message


def test_ones_own_budget_stands_instead_of_everybodys(alice: User, llama: Candidate) -> None:
    with db.transaction() as conn:
        bob = factories.make_user(conn, name="Bob")
    set_budget(2, "each_user", "month")
    set_budget(50, "user", "month", user_id=alice.id)
    assert "Your budget for this month (UTC), $2.00" in refused(Call(bob, llama, 3)).message
    Call(alice, llama, 40).begin().end(40)
    Call(bob, llama, 2).begin().end(2)
    refused(Call(alice, llama, 11))


def test_a_batch_has_its_own_budget_beside_those_of_its_user(alice: User, llama: Candidate) -> None:
    set_budget(5, "batch", batch_id=12)
    Call(alice, llama, 5, "batch:12").begin().end(5)
    assert "whoever started the batch" in refused(Call(alice, llama, 1, "batch:12")).message
    Call(alice, llama, 1, "batch:13").begin().end(1)
    Call(alice, llama, 1).begin().end(1)


def test_what_was_spent_before_counts_and_before_the_period_does_not(alice: User, llama: Candidate) -> None:
    Call(alice, llama, 8).begin().end(8)  # nobody had set a budget
    set_budget(10, period="month")
    refused(Call(alice, llama, 3))
    with db.transaction() as conn:
        conn.execute("UPDATE attempts SET started_at = started_at - interval '40 days'")  # the trigger books it anew
        ledger.fold(conn)
    Call(alice, llama, 10).begin().end(10)


# Against a model


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 1), st.integers(1, 9), st.sampled_from([None, "batch:1"])),
        st.tuples(st.just("end"), st.integers(0, 10)),
        st.tuples(st.just("die")),
        st.tuples(st.just("drop")),
        st.tuples(st.just("fold")),
    ),
    min_size=8,
    max_size=40,
)  # fmt: skip
FIXTURES = [HealthCheck.function_scoped_fixture]


def clear() -> None:
    with db.connection() as conn:
        conn.execute("TRUNCATE budgets, budget_holds, budget_days, ledger_days, ledger_deltas, attempts, tasks CASCADE")


@settings(max_examples=40, deadline=None, suppress_health_check=FIXTURES)
@given(amounts=st.tuples(*[st.integers(0, 30)] * 3), steps=STEPS)
def test_it_admits_exactly_what_fits(
    alice: User, llama: Candidate, amounts: tuple[int, int, int], steps: list[tuple[Any, ...]]
) -> None:
    clear()
    with db.transaction() as conn:
        users = [alice, factories.make_user(conn)]
    everybody, each, of_batch = amounts
    set_budget(everybody)
    set_budget(each, "each_user", "month")
    set_budget(of_batch, "batch", batch_id=1)
    spent: dict[str | None, int] = {}
    running: list[tuple[Call, list[str]]] = []
    for step in steps:
        match step:
            case ("ask", who, dollars, billed_to):
                limits = {"all": everybody, f"user {who}": each} | ({"batch": of_batch} if billed_to else {})
                held = {name: sum(c.dollars for c, names in running if name in names) for name in limits}
                fits = all(spent.get(n, 0) + held[n] + dollars <= most for n, most in limits.items())
                call = Call(users[who], llama, dollars, billed_to)
                assert (call.admit() is None) is fits
                if fits:
                    running.append((call.send(), list(limits)))
            case ("end", cost) if running:
                call, names = running.pop(0)
                call.end(cost)
                spent |= {name: spent.get(name, 0) + cost for name in names}
            case ("die",) if running:
                running.pop()[0].die()
            case ("drop",) if running:
                call = running.pop()[0]
                call.end(0, status=AttemptStatus.CANCELLED)
            case ("fold",):
                with db.transaction() as conn:
                    ledger.fold(conn)
    for call, _ in running:
        call.die()


@settings(
    max_examples=15, deadline=None, suppress_health_check=FIXTURES,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a race that was lost once need not be lost again
)  # fmt: skip
@given(amounts=st.tuples(*[st.integers(5, 40)] * 3), seed=st.integers(0, 10_000))
def test_no_concurrent_schedule_spends_over_a_budget(
    alice: User, llama: Candidate, amounts: tuple[int, int, int], seed: int
) -> None:
    clear()
    with db.transaction() as conn:
        users = [alice, factories.make_user(conn)]
    set_budget(amounts[0], period="month")
    set_budget(amounts[1], "each_user")
    set_budget(amounts[2], "batch", batch_id=1)
    wrong: list[BaseException] = []
    admitted: list[int] = []

    def work(chance: random.Random) -> None:
        try:
            for _ in range(12):
                call = Call(chance.choice(users), llama, chance.randint(1, 5), chance.choice([None, "batch:1"]))
                if call.admit() is not None:
                    continue
                admitted.append(call.dollars)
                fate = chance.random()
                if fate < 0.1:
                    call.budgets.report(llama, NOT_SENT)
                elif fate < 0.2:
                    call.send().die()
                else:
                    call.send().end(chance.randint(0, call.dollars))
                if chance.random() < 0.2:
                    with db.transaction() as conn:
                        ledger.fold(conn)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(random.Random(seed + number),)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong and admitted
    assert total("cost", "attempts") == total("cost", "ledger WHERE noun = 'provider'") <= amounts[0]
    with db.connection() as conn:
        rows = conn.execute(
            "SELECT 'user' AS of, user_id AS id, sum(cost) AS cost FROM attempts GROUP BY user_id UNION ALL"
            " SELECT 'batch', 1, sum(cost) FROM attempts WHERE billed_to = 'batch:1'"
        ).fetchall()
    for row in rows:
        assert (row["cost"] or 0) <= amounts[1 if row["of"] == "user" else 2], row
    assert total("amount", "budget_holds") == 0
