"""Calls are added up once each, whoever looks and however often."""

from __future__ import annotations

import threading
from typing import Any

import psycopg

from blogforge_llm import db
from blogforge_llm.services.ops import metrics
from tests import factories


def make_attempts(
    conn: Any, *, model_id: int, count: int = 1, seconds: float = 0.3, category: str | None = None
) -> None:
    """Calls that ended five seconds ago."""
    task = conn.execute(
        "INSERT INTO tasks (status, messages, deadline_s) VALUES ('succeeded', '[]', 9) RETURNING id"
    ).fetchone()
    conn.execute(
        "INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, status, category, input_tokens, "
        "output_tokens, cost, started_at, finished_at) "
        "SELECT %s, n, gen_random_uuid(), m.id, m.provider_id, %s, %s, 10, 20, 0.5, "
        "clock_timestamp() - make_interval(secs => 5 + %s), clock_timestamp() - interval '5 seconds' "
        "FROM models m, generate_series(1, %s) n WHERE m.id = %s",
        (task["id"], "failed" if category else "succeeded", category, seconds, count, model_id),
    )


def test_each_call_is_counted_once_by_how_it_ended(conn: db.Connection) -> None:
    model_id = factories.make_model(conn, name="llama", provider="Groq")
    make_attempts(conn, model_id=model_id, count=3)
    make_attempts(conn, model_id=model_id, count=2, seconds=70, category="timeout")
    for _ in range(3):
        metrics.add_up(conn)
    make_attempts(conn, model_id=model_id)
    conn.execute("UPDATE call_totals_mark SET counted_to = clock_timestamp() - interval '5.5 seconds'")
    conn.execute("DELETE FROM call_totals")
    metrics.add_up(conn)
    found = {(row.outcome, row.bucket): row for row in metrics.get(conn).totals}
    # 0.3 s is past two bounds, 70 s past ten.
    assert {key: row.calls for key, row in found.items()} == {("succeeded", 2): 4, ("timeout", 10): 2}
    assert (found["succeeded", 2].input_tokens, found["succeeded", 2].output_tokens) == (40, 80)
    assert found["succeeded", 2].cost == 2 and round(found["timeout", 10].seconds) == 140


def test_a_call_whose_end_is_not_yet_committed_is_counted_later(pool: str) -> None:
    with db.transaction() as conn:
        model_id = factories.make_model(conn, name="slow")
    with psycopg.connect(pool, row_factory=psycopg.rows.dict_row) as other:
        other.execute("SELECT pg_current_xact_id()")
        make_attempts(other, model_id=model_id)  # it says five seconds ago, and is not to be seen yet
        other.execute("UPDATE attempts SET finished_at = clock_timestamp()")
        add_up()
        assert totals() == 0
        other.commit()
    with db.transaction() as conn:
        conn.execute("SELECT pg_sleep(1.1)")
    add_up()
    assert totals() == 1


def test_many_at_once_count_each_call_once(pool: str) -> None:
    with db.transaction() as conn:
        make_attempts(conn, model_id=factories.make_model(conn), count=50)
    threads = [threading.Thread(target=add_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals() == 50


def add_up() -> None:
    with db.transaction() as conn:
        metrics.add_up(conn)


def totals() -> int:
    with db.connection() as conn:
        return sum(row.calls for row in metrics.get(conn).totals)
