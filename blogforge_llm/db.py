"""The pool, the transaction, and the SQL files. The caller opens the transaction; services take its connection."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

import aiosql
import psycopg
from aiosql.adapters.pyformat import PyFormatAdapter
from prometheus_client import Summary
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from blogforge_llm import measuring
from blogforge_llm.config import ROOT
from blogforge_llm.errors import Unavailable

FAILURES = (psycopg.Error, Unavailable)  # for those who can do without the database
_TRUSTED_S = 1.0


class Connection(psycopg.Connection[DictRow]):
    """A connection that knows when it was last given back to the pool."""

    used_at = 0.0


class _LastIn(deque[Connection]):
    """Hands out the connection that was used last: its server process has at hand what the next query needs."""

    def popleft(self) -> Connection:
        return self.pop()


_pool: ConnectionPool[Connection] | None = None
_url = ""  # for LISTEN, which needs a connection that stays
_lock = threading.Lock()


def open_pool(database_url: str, *, max_size: int = 16) -> None:
    """Open the process's pool. Call it after a fork: connections must not be shared between processes."""
    global _pool, _url
    with _lock:
        if _pool is not None:
            return
        _url = database_url
        pool = ConnectionPool(
            database_url,
            connection_class=Connection,
            kwargs={"row_factory": dict_row, "autocommit": True, "options": "-c statement_timeout=30s"},
            check=_check,
            min_size=2,
            max_size=max_size,
            timeout=4,
            open=False,
        )
        pool._pool = _LastIn(pool._pool)  # private, and tested: psycopg_pool hands out the one that rested longest
        pool.open()
        _pool = pool
        measuring.watch_pool(pool.get_stats)


def _check(conn: Connection) -> None:
    """A database that restarted leaves dead connections behind: find them before a request does. One that worked a
    moment ago is trusted, for the round trip would cost as much as most queries."""
    if time.monotonic() - conn.used_at > _TRUSTED_S:
        ConnectionPool.check_connection(conn)


def close_pool() -> None:
    global _pool
    with _lock:
        if _pool is not None:
            _pool.close()
        _pool = None


@contextlib.contextmanager
def connection(*, wait_s: float | None = None) -> Iterator[Connection]:
    """A connection outside a transaction: every statement commits by itself. Raises Unavailable when none comes within
    `wait_s`, or the pool's own patience."""
    if _pool is None:
        raise Unavailable("The database pool is not open.")
    try:
        with _pool.connection(timeout=wait_s) as conn:
            yield conn
            # Not in the pool's "reset": that would wake a thread of the pool for every connection given back.
            conn.used_at = time.monotonic()
    except PoolTimeout as error:
        raise Unavailable("The database does not answer. Try again in a moment.") from error


@contextlib.contextmanager
def transaction() -> Iterator[Connection]:
    """One transaction: committed at the end of the block, rolled back by any exception."""
    with connection() as conn, conn.transaction():
        yield conn


@contextlib.contextmanager
def pipelined_transaction() -> Iterator[Connection]:
    """A transaction whose statements travel together: the database is waited for only where a result is read, and at
    the end. For a few writes that somebody waits for; counts of changed rows are not known in it."""
    with connection() as conn, conn.pipeline(), conn.transaction():
        yield conn


def fetch_together(
    conn: Connection, *queries: contextlib.AbstractContextManager[psycopg.Cursor[DictRow]]
) -> list[list[DictRow]]:
    """The rows of several queries (aiosql's `name_cursor(conn, …)`) in one round trip, as one transaction."""
    with contextlib.ExitStack() as cursors:
        with conn.pipeline():  # left first: its end is what fetches
            opened = [cursors.enter_context(query) for query in queries]
        return [cursor.fetchall() for cursor in opened]


class Sent:
    """A query (aiosql's `name_cursor(conn, …)`) that was sent, and is committed while its caller does something else.
    Its connection is given back by `rows`: whatever happens, that must be called. Raises what the query raises, if it
    is known so soon."""

    def __init__(self, query: Callable[[Connection], contextlib.AbstractContextManager[psycopg.Cursor[DictRow]]]):
        with contextlib.ExitStack() as held, contextlib.ExitStack() as under_way:
            conn = held.enter_context(connection())
            pipeline = under_way.enter_context(conn.pipeline())
            self._cursor = held.enter_context(query(conn))
            # What Pipeline.sync() does but for its last step, which waits (private, and tested): psycopg has no door to
            # send and not wait but its asynchronous half.
            pipeline._enqueue_sync()
            conn.wait(pipeline._communicate_gen())
            self._held, self._under_way = held.pop_all(), under_way.pop_all()

    def rows(self) -> list[DictRow]:
        """Waited for. Raises what the query raised."""
        with self._held:
            self._under_way.close()
            return self._cursor.fetchall()


def load(name: str) -> Any:
    """The queries of sql/queries/<name>.sql as functions, by the names they carry there. The file is read on first use:
    all of them together would take a tenth of a second of every start."""
    return _Queries(name)


class _Queries:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, query: str) -> Any:
        found = getattr(_read(self._name), query)
        setattr(self, query, found)  # from now on this method is not asked
        return found


@functools.cache
def _read(name: str) -> Any:
    return aiosql.from_path(ROOT / "sql" / "queries" / f"{name}.sql", lambda: _Timed(name))


def listen(channel: str, stop: threading.Event) -> Iterator[str | None]:
    """Payloads of a channel as they come, on a connection of its own, until `stop` is set.

    None is yielded once listening has begun, after every reconnect too: what was said before may have been missed.
    Between payloads it looks at `stop` every half second.
    """
    while not stop.is_set():
        url = _url
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as conn:
                conn.execute(f"LISTEN {channel}")
                yield None
                while not stop.is_set() and url == _url:  # the pool may have been opened on another database
                    for notice in conn.notifies(timeout=0.5):
                        yield notice.payload
                        if stop.is_set():
                            return
        except psycopg.OperationalError:
            stop.wait(0.3)


def _fetch_all(conn: Connection, _name: str, statement: str, parameters: Any, _record_class: None = None) -> Any:
    with conn.cursor() as cursor:
        return cursor.execute(statement, parameters).fetchall()


class _Timed(PyFormatAdapter):
    """aiosql's adapter for psycopg, with the time each query takes; that costs 2 µs a query."""

    def __init__(self, file: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._file = file
        self._times: dict[str, Summary] = {}

    def select(self, conn: Any, query_name: str, *asked: Any) -> Generator[Any, None, None]:
        """All rows at once: they are here anyway, and to go for each by itself takes longer than to make it."""
        yield from self._timed(_fetch_all, conn, query_name, *asked)

    def select_one(self, conn: Any, query_name: str, *asked: Any) -> Any:
        return self._timed(super().select_one, conn, query_name, *asked)

    def select_value(self, conn: Any, query_name: str, *asked: Any) -> Any:
        return self._timed(super().select_value, conn, query_name, *asked)

    def insert_update_delete(self, conn: Any, query_name: str, *asked: Any) -> int:
        count: int = self._timed(super().insert_update_delete, conn, query_name, *asked)
        return count

    def _timed(self, do: Callable[..., Any], conn: Any, query_name: str, *asked: Any) -> Any:
        began = time.perf_counter()
        try:
            return do(conn, query_name, *asked)
        finally:
            self._note(query_name, began)

    def _note(self, query_name: str, began: float) -> None:
        times = self._times.get(query_name)
        if times is None:
            times = self._times[query_name] = measuring.queries.labels(f"{self._file}.{query_name}")
        times.observe(time.perf_counter() - began)
