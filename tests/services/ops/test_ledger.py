"""The ledger's sums are the attempts' sums: whatever ended how, was corrected, and is folded or not."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from blogforge_llm import db
from blogforge_llm.engine.types import Message, Outcome, Usage
from blogforge_llm.errors import Forbidden, Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import AttemptStatus, Category, Source
from blogforge_llm.services.ops import ledger
from blogforge_llm.services.ops.ledger import Span
from blogforge_llm.services.tasks import attempts, tasks
from tests import factories

HELLO = [Message.of("user", "Say hello.")]
ALL = Span(date(1970, 1, 1), date(9998, 1, 1))
NOVEMBER = Span.read("2026-11")
IN_NOVEMBER = datetime(2026, 11, 12, 9, tzinfo=UTC)

ENDS = [
    Outcome(AttemptStatus.SUCCEEDED, usage=Usage(118, 7, Source.KNOWN), cost=Decimal("0.000074900001"),
            cost_source=Source.KNOWN),
    Outcome(AttemptStatus.SUCCEEDED, usage=Usage(40, 9, Source.ESTIMATED), cost=Decimal("0.0031"),
            cost_source=Source.ESTIMATED),
    Outcome(AttemptStatus.FAILED, Category.STREAM_CUT, usage=Usage(40, 3, Source.ESTIMATED), cost=Decimal("0.0007"),
            cost_source=Source.ESTIMATED),
    Outcome(AttemptStatus.FAILED, Category.TIMEOUT),
    Outcome(AttemptStatus.CANCELLED, Category.CANCELLED, usage=Usage(0, 0, Source.KNOWN), cost=Decimal(0),
            cost_source=Source.KNOWN),
]  # fmt: skip


def assert_sums_are_the_rows(conn: db.Connection) -> None:
    rows = conn.execute(
        "SELECT n.noun, n.noun_id, (a.started_at AT TIME ZONE 'UTC')::date AS day, a.cost_source, count(*) AS calls,"
        " coalesce(sum(a.input_tokens), 0) AS input, coalesce(sum(a.output_tokens), 0) AS output,"
        " coalesce(sum(a.cost), 0) AS cost"
        " FROM attempts a CROSS JOIN LATERAL (VALUES ('model', a.model_id), ('provider', a.provider_id),"
        " ('user', a.user_id), ('template', a.template_id)) AS n (noun, noun_id)"
        " WHERE a.status <> 'running' GROUP BY 1, 2, 3, 4"
    ).fetchall()
    booked = conn.execute(
        "SELECT noun, noun_id, day, cost_source, sum(calls) AS calls, sum(input_tokens) AS input,"
        " sum(output_tokens) AS output, sum(cost) AS cost FROM ledger"
        " GROUP BY 1, 2, 3, 4 HAVING sum(calls) <> 0"
    ).fetchall()
    assert _plain(rows) == _plain(booked)
    subjects = conn.execute(
        "SELECT s.subject, sum(a.cost) AS cost, budget_spent(s.subject, '0001-01-01') AS spent FROM attempts a"
        " CROSS JOIN LATERAL (VALUES ('instance'), ('user:' || a.user_id), (a.billed_to)) AS s (subject)"
        " WHERE s.subject IS NOT NULL AND a.cost IS NOT NULL GROUP BY s.subject"
    ).fetchall()
    assert all(row["cost"] == row["spent"] for row in subjects), subjects


def _plain(rows: list[dict[str, object]]) -> list[tuple[str, ...]]:
    """To compare: a number is a number, however many digits follow its point."""
    return sorted(
        tuple(
            format(Decimal(value).normalize(), "f") if isinstance(value, int | Decimal) else str(value)
            for value in row.values()
        )
        for row in rows
    )


def test_sums_are_the_rows_after_any_history(pool: str) -> None:
    """Several processes end, abandon, revive and fold at once."""
    with db.transaction() as conn:
        people = [factories.make_user(conn), factories.make_user(conn)]
        asked = [factories.make_candidate(conn), factories.make_candidate(conn)]
    errors: list[BaseException] = []

    def live(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for number in range(40):
                with db.transaction() as conn:
                    billed_to = chance.choice([None, "batch:1"])
                    task = tasks.create(conn, actor=chance.choice(people), messages=HELLO, billed_to=billed_to)
                    run_id = uuid4()
                    conn.execute("UPDATE tasks SET run_id = %s, status = 'running' WHERE id = %s", (run_id, task.id))
                    row = attempts.create(
                        conn, task_id=task.id, run_id=run_id, candidate=chance.choice(asked), messages=None
                    )
                    assert row is not None
                if chance.random() < 0.3:
                    with db.transaction() as conn:
                        attempts.abandon(conn, task_id=task.id)
                if chance.random() < 0.8:  # also of those that were given up
                    for _ in range(chance.choice([1, 1, 2])):
                        with db.transaction() as conn:
                            attempts.finish(conn, attempt_id=row[0], outcome=chance.choice(ENDS))
                if number % 7 == 0:
                    with db.transaction() as conn:
                        ledger.fold(conn)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=live, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    with db.transaction() as conn:
        assert_sums_are_the_rows(conn)
        while ledger.fold(conn):
            pass
        assert_sums_are_the_rows(conn)
        counted = conn.execute("SELECT count(*) AS n FROM ledger_deltas").fetchone()
        assert counted is not None and counted["n"] == 0


def test_an_end_that_is_rolled_back_is_not_booked(pool: str) -> None:
    with db.transaction() as conn:
        model_id = factories.make_model(conn)
    with pytest.raises(RuntimeError), db.transaction() as conn:
        factories.make_attempt(conn, model_id=model_id)
        raise RuntimeError
    with db.transaction() as conn:
        assert ledger.spend_between(conn, since=ALL.since, until=ALL.until).calls == 0


@pytest.fixture
def furnished(conn: db.Connection, alice: User, bob: User) -> dict[str, int]:
    """Four attempts of November and one of October."""
    llama = factories.make_model(conn, name="llama", provider="Groq")
    qwen = factories.make_model(conn, name="qwen", provider="Cerebras")
    at = IN_NOVEMBER
    factories.make_attempt(conn, model_id=llama, user=alice, cost="0.10", started_at=at)
    factories.make_attempt(conn, model_id=llama, user=bob, cost="0.25", source="estimated", started_at=at)
    factories.make_attempt(conn, model_id=qwen, user=alice, cost="0.40", started_at=at.replace(day=13))
    factories.make_attempt(conn, model_id=qwen, cost=None, source="unknown", status="abandoned", started_at=at)
    factories.make_attempt(
        conn, model_id=qwen, user=alice, cost="9", started_at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
    )
    return {"llama": llama, "qwen": qwen, "alice": alice.id}


@pytest.mark.parametrize("group", ledger.GROUPS)
def test_every_grouping_adds_up_to_the_total_and_to_its_entries(
    conn: db.Connection, ada: User, furnished: dict[str, int], group: str
) -> None:
    total = ledger.spend_between(conn, since=NOVEMBER.since, until=NOVEMBER.until)
    assert (total.calls, total.known, total.estimated, total.unpriced) == (4, Decimal("0.5"), Decimal("0.25"), 1)
    sums = ledger.list_sums(conn, actor=ada, group=group, span=NOVEMBER)
    assert sum(found.cost for found in sums) == total.cost and sum(found.calls for found in sums) == 4
    for found in sums:
        entries = ledger.list_entries(conn, actor=ada, span=NOVEMBER, group=group, key=found.key)
        assert len(entries) == found.calls
        assert sum(entry.cost or 0 for entry in entries) == found.cost
        assert sum(entry.input_tokens or 0 for entry in entries) == found.input_tokens


def test_the_dearest_comes_first_and_says_who_it_is(conn: db.Connection, ada: User, furnished: dict[str, int]) -> None:
    models = ledger.list_sums(conn, actor=ada, group="model", span=NOVEMBER)
    assert [(found.label, found.detail) for found in models] == [("qwen", "Cerebras"), ("llama", "Groq")]
    users = ledger.list_sums(conn, actor=ada, group="user", span=NOVEMBER)
    assert [found.label for found in users] == ["Alice", "Bob", None]


def test_entries_come_page_by_page(conn: db.Connection, ada: User, furnished: dict[str, int]) -> None:
    seen: list[int] = []
    before: int | None = None
    while page := ledger.list_entries(conn, actor=ada, span=NOVEMBER, before_id=before, limit=2):
        seen += [entry.id for entry in page]
        before = page[-1].id
    assert len(seen) == len(set(seen)) == 4
    at = [entry.started_at for entry in ledger.list_entries(conn, actor=ada, span=NOVEMBER)]
    assert at == sorted(at, reverse=True)


def test_what_a_deleted_user_spent_stays_spent(conn: db.Connection, ada: User, bob: User) -> None:
    factories.make_attempt(conn, model_id=factories.make_model(conn), user=bob, cost="3", started_at=IN_NOVEMBER)
    key = str(bob.id)
    conn.execute("DELETE FROM users WHERE id = %s", (bob.id,))
    [found] = ledger.list_sums(conn, actor=ada, group="user", span=NOVEMBER)
    assert (found.key, found.label, found.cost) == (key, None, 3)
    assert len(ledger.list_entries(conn, actor=ada, span=NOVEMBER, group="user", key=key)) == 1


def test_a_call_over_midnight_is_of_the_day_on_which_it_began(conn: db.Connection, ada: User) -> None:
    last_moment = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    factories.make_attempt(conn, model_id=factories.make_model(conn), started_at=last_moment)
    [found] = ledger.list_sums(conn, actor=ada, group="day", span=NOVEMBER)
    assert found.key == "2026-11-30"


@pytest.mark.parametrize(
    ("texts", "span"),
    [
        (("2026-12", "", ""), Span(date(2026, 12, 1), date(2027, 1, 1))),
        (("", "2026-11-03", "2026-11-05"), Span(date(2026, 11, 3), date(2026, 11, 6))),
        (("", "2026-11-03", ""), Span(date(2026, 11, 3), date(2026, 11, 4))),
    ],
)
def test_a_span_is_a_month_or_some_days(texts: tuple[str, str, str], span: Span) -> None:
    assert Span.read(*texts) == span


@pytest.mark.parametrize("texts", [("2026-13",), ("november",), ("", "2026-11-05", "2026-11-03"), ("", "x")])
def test_what_is_no_span_is_refused_with_words(texts: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        Span.read(*texts)


@pytest.mark.parametrize(("group", "key"), [("model", "x"), ("model", None), ("user", "1; DROP"), ("source", "all")])
def test_a_key_that_no_sum_has_is_refused(conn: db.Connection, ada: User, group: str, key: str | None) -> None:
    with pytest.raises(Invalid):
        ledger.list_entries(conn, actor=ada, span=NOVEMBER, group=group, key=key)


def test_the_ledger_is_for_admins(conn: db.Connection, alice: User) -> None:
    read: list[Callable[[], object]] = [
        lambda: ledger.list_sums(conn, actor=alice, group="model", span=NOVEMBER),
        lambda: ledger.list_entries(conn, actor=alice, span=NOVEMBER),
    ]
    for call in read:
        with pytest.raises(Forbidden):
            call()
