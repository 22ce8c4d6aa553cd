"""The log against a plain model of it in Python: random rows, random filters, every page."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import Invalid, TooSlow
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import Category, TaskFilter, TaskStatus
from blogforge_llm.services.editorial import posts
from blogforge_llm.services.ops import totals
from blogforge_llm.services.tasks import filters, log
from tests import factories

START = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = ("bread", "kilt", "loom", "ferry", "tea's", "it-is", "ÄPFEL", "a:b&c", "'quoted'", "back\\slash")


def make_rows(conn: db.Connection, *, count: int, people: list[User], seed: int) -> list[dict[str, Any]]:
    """Tasks of every kind, several at one moment; what is known of each."""
    draw = random.Random(seed)
    models = [factories.make_model(conn) for _ in range(3)]
    templates = [make_template(conn, name) for name in ("One", "Two")]
    ours = [posts.create(conn, actor=people[0], idea=idea).id for idea in ("Bread", "Kilts")]
    field = one(conn, "SELECT id FROM fields WHERE key = 'basic_idea'")
    actions = [
        one(
            conn,
            "INSERT INTO actions (field_id, name, template_id) VALUES (%s, %s, %s) RETURNING id",
            field,
            name,
            templates[0],
        )
        for name in ("First", "Second")
    ]
    rows = []
    for _ in range(count):
        status = draw.choice(list(TaskStatus))
        row: dict[str, Any] = {
            "status": status,
            "category": draw.choice([Category.TIMEOUT, Category.RATE_LIMIT]) if status is TaskStatus.FAILED else None,
            "model_id": draw.choice(models) if status is TaskStatus.SUCCEEDED else None,
            "template_id": draw.choice([None, *templates]),
            "user_id": draw.choice(people).id,
            "at": START + timedelta(hours=draw.randrange(48)),
            "cost": draw.choice([None, Decimal("0"), Decimal("0.01"), Decimal("0.02")]),
            "words": set(draw.sample(WORDS, 3)) if status not in (TaskStatus.QUEUED, TaskStatus.RUNNING) else set(),
            "post_id": None,
            "action_id": None,
        }
        said = sorted(row["words"])
        is_over = status not in (TaskStatus.QUEUED, TaskStatus.RUNNING)
        row["id"] = one(
            conn,
            "INSERT INTO tasks (status, template_id, messages, output, deadline_s, served_by_model_id, error_category, "
            "created_by, cost, created_at, started_at, finished_at) "
            "VALUES (%s, %s, %s, %s, 60, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            status, row["template_id"], Jsonb([{"role": "user", "content": " ".join(said[:1])}]), " ".join(said[1:]),
            row["model_id"], row["category"], row["user_id"], row["cost"], row["at"], row["at"],
            row["at"] + timedelta(seconds=3) if is_over else None,
        )  # fmt: skip
        if draw.random() < 0.5:
            row["post_id"], row["action_id"] = draw.choice(ours), draw.choice(actions)
            conn.execute(
                "INSERT INTO suggestions (post_id, field_id, action_id, task_id) VALUES (%s, %s, %s, %s)",
                (row["post_id"], field, row["action_id"], row["id"]),
            )
        rows.append(row)
    while totals.read_ended(conn):
        pass
    return rows


def one(conn: db.Connection, statement: str, *values: Any) -> int:
    row = conn.execute(statement.encode(), values).fetchone()
    assert row is not None
    return int(row["id"])


def make_template(conn: db.Connection, name: str) -> int:
    return one(conn, "INSERT INTO templates (name) VALUES (%s) RETURNING id", name)


def fits(row: dict[str, Any], wanted: TaskFilter) -> bool:
    same = all(
        getattr(wanted, name) is None or row[name] == (getattr(wanted, name) or None)
        for name in ("status", "category", "model_id", "template_id", "action_id", "user_id", "post_id")
    )
    return (
        same
        and (wanted.since is None or row["at"] >= wanted.since)
        and (wanted.until is None or row["at"] < wanted.until)
        and (wanted.min_cost is None or (row["cost"] is not None and row["cost"] >= wanted.min_cost))
        and (wanted.max_cost is None or (row["cost"] is not None and row["cost"] <= wanted.max_cost))
        and (wanted.text is None or all(is_said(word, row["words"]) for word in wanted.text.split()))
    )


def is_said(word: str, words: set[str]) -> bool:
    if word.endswith("*"):
        return any(each.lower().startswith(word[:-1].lower()) for each in words)
    return word.lower() in {each.lower() for each in words}


def draw_filter(draw: random.Random, rows: list[dict[str, Any]], count: int) -> TaskFilter:
    """Values of one row, so that something is often found; now and then of another."""
    row = draw.choice(rows)
    values: dict[str, Any] = {
        name: row[name] for name in ("status", "category", "model_id", "action_id", "user_id", "post_id")
    }
    values["template_id"] = row["template_id"] or 0
    values["since"], values["until"] = row["at"] - timedelta(hours=draw.randrange(9)), row["at"] + timedelta(hours=1)
    values["min_cost"] = values["max_cost"] = row["cost"]
    values["text"] = draw.choice(
        [*WORDS, "bre*", "kilt loom", "nowhere", "fer* tea's", "nowh*", "bre* nowhere", "bre* kilt"]
    )
    chosen = draw.sample(sorted(values), count)
    return TaskFilter(**{name: values[name] for name in chosen})


@pytest.fixture
def rows(conn: db.Connection, alice: User, bob: User) -> list[dict[str, Any]]:
    conn.execute("DELETE FROM suggestions")
    return make_rows(conn, count=150, people=[alice, bob], seed=4)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_every_filter_finds_exactly_its_rows_on_pages_that_join_without_gaps(
    conn: db.Connection, alice: User, rows: list[dict[str, Any]], count: int
) -> None:
    draw, ours = random.Random(count), {row["id"] for row in rows}
    for _ in range(40):
        wanted = draw_filter(draw, rows, count)
        expected = [
            row["id"] for row in sorted(rows, key=lambda row: (row["at"], row["id"]), reverse=True) if fits(row, wanted)
        ]
        found = read_down(conn, alice, wanted)
        assert [task_id for task_id in found if task_id in ours] == expected, wanted
        assert log.count(conn, wanted=wanted) in (None, len(found)), wanted


def read_down(conn: db.Connection, actor: User, wanted: TaskFilter, *, limit: int = 7) -> list[int]:
    """Down all pages, and up again: each page is met on the way back as it was."""
    pages, before = [], None
    while True:
        page = log.list_page(conn, actor=actor, wanted=wanted, before_id=before, limit=limit)
        pages.append([row.id for row in page.rows])
        if page.older is None:
            break
        before = page.older
    above = pages[-1][0] if pages[-1] else None
    for expected in reversed(pages[:-1]):
        page = log.list_page(conn, actor=actor, wanted=wanted, above_id=above, limit=limit)
        assert [row.id for row in page.rows] == expected
        above = page.rows[0].id
    return [task_id for page in pages for task_id in page]


def test_a_log_is_counted_up_to_a_limit_and_not_where_that_would_take_long(
    conn: db.Connection, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = TaskFilter(status=TaskStatus.QUEUED)
    assert log.count(conn, wanted=queued) == sum(row["status"] is TaskStatus.QUEUED for row in rows) > 3
    assert log.count(conn, wanted=TaskFilter(text="bread")) is None
    monkeypatch.setattr(log, "COUNT_MAX", 2)
    assert log.count(conn, wanted=queued) == 3


def test_pages_are_complete_and_free_of_doubles_while_tasks_come_in(
    conn: db.Connection, alice: User, rows: list[dict[str, Any]]
) -> None:
    seen, before = [], None
    while True:
        page = log.list_page(conn, actor=alice, wanted=TaskFilter(), before_id=before, limit=20)
        seen += [row.id for row in page.rows]
        one(conn, "INSERT INTO tasks (status, messages, deadline_s) VALUES ('queued', '[]', 9) RETURNING id")
        if page.older is None:
            break
        before = page.older
    assert len(seen) == len(set(seen))
    assert {row["id"] for row in rows} <= set(seen)


def test_a_page_goes_on_below_a_task_that_is_gone(conn: db.Connection, alice: User, rows: list[dict[str, Any]]) -> None:
    wanted = TaskFilter(status=TaskStatus.QUEUED)
    first = log.list_page(conn, actor=alice, wanted=wanted, limit=2)
    rest = log.list_page(conn, actor=alice, wanted=wanted, before_id=first.older, limit=100)
    assert log.list_page(conn, actor=alice, wanted=wanted, before_id=2**62, limit=2).rows
    assert {row.id for row in first.rows} & {row.id for row in rest.rows} == set()


def test_an_export_has_every_row_of_the_filter_once(
    conn: db.Connection, alice: User, rows: list[dict[str, Any]]
) -> None:
    wanted = TaskFilter(user_id=alice.id)
    exported = [row["id"] for row in log.each(actor=alice, wanted=wanted)]
    assert exported == [
        row["id"] for row in sorted(rows, key=lambda row: (row["at"], row["id"]), reverse=True) if fits(row, wanted)
    ]


def test_a_search_for_signs_without_a_word_finds_nothing(
    conn: db.Connection, alice: User, rows: list[dict[str, Any]]
) -> None:
    for signs in (")", "\x8e", "'", "* )*", '"" -'):
        assert log.list_page(conn, actor=alice, wanted=TaskFilter(text=signs), limit=20).rows == [], signs


def test_a_search_that_takes_too_long_says_what_to_do(
    conn: db.Connection, alice: User, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with conn.transaction(force_rollback=True):
        conn.execute("ALTER TABLE tasks RENAME TO tasks_there")
        conn.execute("CREATE VIEW tasks AS SELECT t.* FROM tasks_there t, pg_sleep(60)")
        monkeypatch.setattr(log, "_PAGE_MS", 50)
        with pytest.raises(TooSlow, match="Narrow the time range"):
            log.list_page(conn, actor=alice, wanted=TaskFilter())
        assert conn.info.transaction_status is psycopg.pq.TransactionStatus.INTRANS  # and the transaction goes on


def test_an_address_is_read_as_people_write_it() -> None:
    read = filters.read(
        {"from": "2026-11-01", "to": "2026-11-02", "min_cost": "$0.05", "post": "#7", "q": " ", "page": "3"}
    )
    assert read == TaskFilter(
        since=datetime(2026, 11, 1, tzinfo=UTC),
        until=datetime(2026, 11, 3, tzinfo=UTC),
        min_cost=Decimal("0.05"),
        post_id=7,
    )
    assert filters.read({"from": "2026-11-01T08:00:00 02:00"}).since == datetime(2026, 11, 1, 6, tzinfo=UTC)


def test_days_beyond_everything_are_the_first_and_the_last_that_count() -> None:
    read = filters.read({"from": "0001-01-01", "to": "9999-12-31T23:59:59-11:00"})
    assert (read.since, read.until and read.until.year) == (datetime(1970, 1, 1, tzinfo=UTC), 9998)


def test_between_an_end_and_its_beginning_there_is_no_task_for_programs() -> None:
    backwards = {"from": "2026-11-05", "to": "2026-11-01"}
    with pytest.raises(Invalid):
        filters.read(backwards)
    read = filters.read(backwards, takes_empty_spans=True)
    assert read.since and read.until and read.until < read.since


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "done"), ("category", "bad"), ("model", "x"), ("model", "9" * 30), ("template", "-1"),
        ("user", "1; DROP"),
        ("from", "soon"), ("to", "2026-02-30"), ("min_cost", "1e9"), ("max_cost", "-1"),
        ("q", "a\x00b"), ("q", "\ud800"), ("q", "x" * 201), ("post", "²"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        filters.read({name: value})
    assert set(refusal.value.errors) == {name}
