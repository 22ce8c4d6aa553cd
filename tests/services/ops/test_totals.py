"""Totals are the sums of the rows, whatever was done in whatever order, and whoever died in between."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.ops import dashboard, totals
from tests import factories

CATEGORIES = ("timeout", "rate_limit")


def read_and_add_up() -> None:
    for step in (totals.read_ended, totals.add_up):
        has_more = True
        while has_more:
            with db.transaction() as conn:
                has_more = step(conn, limit=7)


def from_rows(conn: Any) -> dict[Any, tuple[Any, ...]]:
    rows = conn.execute(
        "SELECT date_trunc('hour', created_at, 'UTC') AS hour, coalesce(error_category, status) AS outcome, "
        "count(*) AS tasks, sum(input_tokens)::bigint AS i, sum(output_tokens)::bigint AS o, "
        "coalesce(sum(cost), 0) AS cost FROM tasks WHERE finished_at IS NOT NULL GROUP BY 1, 2"
    )
    return {(row["hour"], row["outcome"]): (row["tasks"], row["i"], row["o"], row["cost"]) for row in rows}


def from_totals(conn: Any) -> dict[Any, tuple[Any, ...]]:
    rows = conn.execute("SELECT hour, outcome, tasks, input_tokens, output_tokens, cost FROM task_hours")
    return {(row["hour"], row["outcome"]): tuple(row.values())[2:] for row in rows}


def make_task(conn: Any, *, draw: random.Random, model_id: int) -> int:
    at = datetime.now(UTC) - timedelta(hours=draw.randrange(60))
    row = conn.execute(
        "INSERT INTO tasks (status, messages, deadline_s, created_at, started_at, served_by_model_id) "
        "VALUES ('running', '[]', 9, %s, %s, %s) RETURNING id",
        (at, at, model_id),
    ).fetchone()
    return int(row["id"])


def end_task(conn: Any, task_id: int, *, draw: random.Random) -> None:
    category = draw.choice([None, None, *CATEGORIES])
    conn.execute(
        "UPDATE tasks SET status = %s, error_category = %s, finished_at = clock_timestamp(), input_tokens = %s, "
        "output_tokens = %s, cost = %s WHERE id = %s",
        (
            "failed" if category else "succeeded",
            category,
            draw.randrange(99),
            draw.randrange(99),
            draw.choice([None, 0.25]),
            task_id,
        ),
    )


def retry_task(conn: Any, task_id: int) -> None:
    conn.execute(
        "UPDATE tasks SET status = 'queued', error_category = NULL, finished_at = NULL WHERE id = %s", (task_id,)
    )


def a_second_later(conn: Any) -> None:
    """The horizon is a second behind the clock, for those who have read it and not yet written."""
    conn.execute("SELECT pg_sleep(1.05)")


class Died(Exception):
    """A process that was killed in the middle."""


@pytest.mark.parametrize("seed", range(4))
def test_sums_equal_the_rows_after_any_schedule_with_crashes(pool: str, seed: int) -> None:
    draw = random.Random(seed)
    with psycopg.connect(pool, row_factory=dict_row, autocommit=True) as conn:
        model_id = factories.make_model(conn)  # type: ignore[arg-type]
        running, ended = [], []
        for _ in range(150):
            deed = draw.random()
            if deed < 0.35 or not running:
                running.append(make_task(conn, draw=draw, model_id=model_id))
            elif deed < 0.75:
                ended.append(running.pop(draw.randrange(len(running))))
                end_task(conn, ended[-1], draw=draw)
            elif deed < 0.85 and ended:
                running.append(ended.pop(draw.randrange(len(ended))))
                retry_task(conn, running[-1])
            elif deed < 0.93:
                crash(draw)
            else:
                read_and_add_up()
        a_second_later(conn)
        read_and_add_up()
        assert from_totals(conn) == from_rows(conn)
        sums = conn.execute("SELECT sum(tasks) AS tasks, sum(failed) AS failed FROM task_days").fetchone()
        rows = conn.execute(
            "SELECT count(*) AS tasks, count(*) FILTER (WHERE status = 'failed') AS failed "
            "FROM tasks WHERE finished_at IS NOT NULL"
        ).fetchone()
        assert sums == rows
        words = conn.execute("SELECT count(*) AS count FROM task_words").fetchone()
        assert words is not None and rows is not None and words["count"] >= rows["tasks"]


def crash(draw: random.Random) -> None:
    step = draw.choice([totals.read_ended, totals.add_up])
    with pytest.raises(Died), db.transaction() as conn:
        step(conn, limit=3)
        raise Died


def test_an_end_that_is_not_yet_committed_is_counted_later(pool: str) -> None:
    draw = random.Random(1)
    with (
        psycopg.connect(pool, row_factory=dict_row) as slow,
        psycopg.connect(pool, row_factory=dict_row, autocommit=True) as conn,
    ):
        model_id = factories.make_model(conn)  # type: ignore[arg-type]
        first, second = (make_task(conn, draw=draw, model_id=model_id) for _ in range(2))
        end_task(slow, first, draw=draw)
        end_task(conn, second, draw=draw)
        a_second_later(conn)
        read_and_add_up()
        slow.commit()
        a_second_later(conn)
        read_and_add_up()
        assert from_totals(conn) == from_rows(conn)
        assert sum(row[0] for row in from_totals(conn).values()) == 2


def test_many_at_once_count_each_task_once(pool: str) -> None:
    draw = random.Random(2)
    with psycopg.connect(pool, row_factory=dict_row, autocommit=True) as conn:
        model_id = factories.make_model(conn)  # type: ignore[arg-type]
        for _ in range(60):
            end_task(conn, make_task(conn, draw=draw, model_id=model_id), draw=draw)
        a_second_later(conn)
        threads = [threading.Thread(target=read_and_add_up) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        read_and_add_up()
        assert from_totals(conn) == from_rows(conn)


def test_quantiles_lie_within_their_bucket() -> None:
    draw = random.Random(3)
    for _ in range(200):
        values = sorted(draw.lognormvariate(1, 1.2) for _ in range(draw.randrange(1, 300)))
        histogram: dict[int, int] = {}
        for value in values:
            bucket = sum(value >= bound for bound in totals.BOUNDS)
            histogram[bucket] = histogram.get(bucket, 0) + 1
        for share in (0.5, 0.95):
            exact = values[max(0, -(-int(share * 100) * len(values) // 100) - 1)]
            told = dashboard.quantile(histogram, share)
            assert told is not None
            if totals.BOUNDS[0] < exact < totals.BOUNDS[-1]:
                assert exact / 1.27 <= told <= exact * 1.27
    assert dashboard.quantile({}, 0.5) is None


def test_the_dashboard_tells_what_the_rows_say(conn: db.Connection, ada: User) -> None:
    model_id = factories.make_model(conn)
    echo_id = factories.make_model(conn, is_ai=False)
    now = datetime(2026, 5, 15, 12, 30, tzinfo=UTC)
    for at, seconds, category, served in [
        (now - timedelta(minutes=20), 2, None, model_id), (now - timedelta(days=6), 4, None, model_id),
        (now - timedelta(days=6), 50, None, echo_id), (now - timedelta(days=1), 1, "timeout", None),
        (now - timedelta(days=20), 90, None, model_id),
    ]:  # fmt: skip
        conn.execute(
            "INSERT INTO tasks (status, messages, deadline_s, created_at, started_at, finished_at, error_category, "
            "served_by_model_id, input_tokens, output_tokens, cost) "
            "VALUES (%s, '[]', 9, %s, %s, %s, %s, %s, 10, 20, 0.5)",
            ("failed" if category else "succeeded", at, at, at + timedelta(seconds=seconds), category, served),
        )
    while totals.read_ended(conn):
        pass
    while totals.add_up(conn):
        pass
    week = dashboard.get(conn, actor=ada, days=7, now=now)
    assert (week.tasks, week.failed, week.failures, week.input_tokens, week.cost) == (4, 1, [("timeout", 1)], 40, 2)
    assert week.latency is not None and week.latency.count == 2  # the echo is no AI
    assert 3.2 < week.latency.p95_s < 5.1
    assert [day.tasks for day in week.by_day if day.tasks] == [1, 2, 1, 1]
    assert sum(week.by_hour) == 1
    assert dashboard.get(conn, actor=ada, days=30, now=now).tasks == 5
    assert dashboard.get(conn, actor=ada, days=1, now=now).tasks == 1
    assert dashboard.get(conn, actor=ada, days=999, now=now).days == 7
