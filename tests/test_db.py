"""What the pool does beside handing out connections."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import DictRow

from blogforge_llm import db
from tests.installation import wait_until


@contextlib.contextmanager
def insert(conn: db.Connection) -> Iterator[psycopg.Cursor[DictRow]]:
    with conn.cursor() as cursor:
        yield cursor.execute("INSERT INTO noted VALUES (7) RETURNING number")


def count(pool: str) -> int:
    with psycopg.connect(pool) as conn:
        row = conn.execute("SELECT count(*) FROM noted").fetchone()
        assert row is not None
        return int(row[0])


def make_table(pool: str, type_: str = "integer") -> None:
    with psycopg.connect(pool, autocommit=True) as conn:
        conn.execute(f"CREATE TABLE noted (number {type_} UNIQUE)")


def test_what_is_sent_is_committed_while_its_sender_does_something_else(pool: str) -> None:
    make_table(pool)
    sent = db.Sent(insert)
    wait_until(lambda: count(pool) == 1, timeout=10)
    assert sent.rows() == [{"number": 7}]


def test_what_was_sent_in_vain_says_so(pool: str) -> None:
    make_table(pool)
    db.Sent(insert).rows()
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.Sent(insert).rows()
    assert count(pool) == 1


def test_connections_come_back_from_what_was_sent(pool: str) -> None:
    make_table(pool, "text")
    for _ in range(40):  # more than the pool has
        with contextlib.suppress(psycopg.errors.UniqueViolation):
            db.Sent(insert).rows()
    assert count(pool) == 1


def test_the_connection_that_was_used_last_is_used_again(pool: str) -> None:
    def pid() -> int:
        with db.connection() as conn:
            return conn.info.backend_pid

    with db.connection() as first, db.connection() as second:
        pids = {first.info.backend_pid, second.info.backend_pid}
    assert len(pids) == 2
    assert len({pid() for _ in range(5)}) == 1
