"""The database of an original BlogForge, read as it was at one moment and never written. Every table and column may be
missing; secrets are not even asked for. Which tables there are is catalog.py, what their values mean values.py.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql as composed
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from blogforge_llm.errors import Invalid, Unavailable
from blogforge_llm.services import texts
from blogforge_llm.services.legacy import catalog

KEY = "id"
_FETCH = 100  # rows at a time: they may be large
_DEEPEST = 100  # of JSON
_TOO_DEEP = f"JSON nested deeper than {_DEEPEST}: not read"
_SECRET = re.compile(
    r"(^|_)(api_?key|access_?key|auth|token|secret|password|passwd|credentials?|private_?key)(_|$)", re.I
)
_SORTABLE = {"smallint", "integer", "bigint", "numeric", "text", "character varying", "uuid"}
_JSON = {"json", "jsonb"}
_LONGEST_ID = 200
_OURS = "legacy_imports"
_SESSION = (  # a value reads the same whoever asks, and an import may take its time
    "SET LOCAL TimeZone = 'UTC'", "SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = '30s'",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its columns as JSON has them, without secrets. `had_secrets` names those that were filled; `at` tells
    it from another of the same id."""

    id: str
    data: dict[str, Any]
    had_secrets: tuple[str, ...] = ()
    was_recoded: bool = False
    at: str = ""

    @property
    def hash(self) -> bytes:
        return digest(self.data, list(self.had_secrets))


class Source:
    """`tables` are the columns of each by name, as catalog.py names them."""

    def __init__(self, conn: psycopg.Connection[dict[str, Any]], encoding: str) -> None:
        self._conn = conn
        self._is_raw = encoding == "SQL_ASCII"
        self._cursors = itertools.count()  # several are open at once
        self._catalog = catalog.read(conn)
        self.tables = {name: list(listed.columns) for name, listed in self._catalog.items()}

    def has(self, table: str, *columns: str) -> bool:
        return table in self.tables and all(column in self.tables[table] for column in columns)

    def count(self, table: str) -> int | None:
        """None for a table that may not be read."""
        listed = self._catalog[table]
        if not listed.is_readable:
            return None
        with _answering():
            row = self._conn.execute(composed.SQL("SELECT count(*) AS n FROM {}").format(listed.rows)).fetchone()
        return int(row["n"]) if row else 0

    def rows(self, table: str) -> Iterator[Row]:
        """All of a table by id, through a cursor of the server. Nothing of a table that is not there."""
        if table in self.tables:
            yield from self._read(table, composed.SQL(""), ())

    def rows_of(self, table: str, column: str, ids: Sequence[str]) -> list[Row]:
        """Those whose column has one of the ids."""
        if not self.has(table, column) or not ids:
            return []
        where = composed.SQL(" WHERE t.{}::text = ANY (%s)").format(self._catalog[table].quoted[column])
        return list(self._read(table, where, (list(ids),)))

    def _read(self, table: str, where: composed.Composable, values: Sequence[Any]) -> Iterator[Row]:
        listed = self._catalog[table]
        asked: list[composed.Composable] = [composed.SQL("t.tableoid::text || t.ctid::text AS at")]
        for number, column in enumerate(listed.columns):
            # By number: the bytes of a name say nothing about those of a row.
            shape = composed.SQL(_shape(column, listed.columns[column])).format(listed.quoted[column])
            asked.append(composed.SQL("{} AS {}").format(shape, composed.Identifier(str(number))))
        order = composed.SQL("t.id, t.ctid" if listed.columns.get(KEY) in _SORTABLE else "t.tableoid, t.ctid")
        query = composed.SQL("SELECT to_json(r)::text AS r FROM (SELECT {} FROM {} t{} ORDER BY {}) r").format(
            composed.SQL(", ").join(asked), listed.rows, where, order
        )
        with _answering(), self._conn.cursor(f"rows {next(self._cursors)}") as cursor:
            cursor.itersize = _FETCH
            for record in cursor.execute(query, values):
                yield _row(listed.columns, record["r"])


@contextlib.contextmanager
def opened(dsn: str) -> Iterator[tuple[str, Source]]:
    """The name of the database, and what can be read of it at this moment. Raises Invalid and Unavailable, in words
    without the password."""
    with contextlib.closing(_connect(dsn)) as conn:
        with _answering():
            conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            conn.read_only = True
            for statement in _SESSION:
                conn.execute(statement)
            found = catalog.sql.get_database(conn)
            if found["encoding"] == "SQL_ASCII":  # any bytes: asked for UTF-8 the server would stop at a wrong one
                conn.execute("SET LOCAL client_encoding = 'SQL_ASCII'")
            source = Source(conn, found["encoding"])
        if _OURS in source.tables and not catalog.TAKEN & source.tables.keys():
            raise Invalid("This is a database of BlogForge LLM itself, not of an original BlogForge. Check the DSN.")
        yield found["name"], source


def _shape(column: str, type_: str) -> str:
    """How a column is asked for: of a secret only whether there is one; JSON apart from the row's own, which may not
    be as deep."""
    if _SECRET.search(column):
        return "coalesce(t.{}::text, '') <> ''"
    return "t.{}::text" if type_ in _JSON else "t.{}"


def _row(columns: Mapping[str, str], record: str | bytes) -> Row:
    read: dict[str, Any] = _loaded(catalog.text(record))
    at, data, secrets = read.pop("at"), {}, []
    for (column, type_), value in zip(columns.items(), read.values(), strict=True):
        if _SECRET.search(column):
            secrets += [column] if value else []
        elif value is not None and type_ in _JSON:
            data[column] = _json(value)
        else:
            data[column] = value.rstrip(" ") if type_ == "character" and value else value
    name = id_of(data[KEY]) if data.get(KEY) is not None else digest(data).hex()[:16]
    return Row(name, data, tuple(secrets), _is_recoded(record), at)


def id_of(value: Any) -> str:
    """What a row is known by here; one too long for an index by its digest."""
    name = texts.storable(str(value))
    return name if len(name) <= _LONGEST_ID else digest(name).hex()[:16]


def digest(*values: Any) -> bytes:
    """Equal for values that say the same."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).digest()


def _connect(dsn: str) -> psycopg.Connection[dict[str, Any]]:
    try:
        given = conninfo_to_dict(dsn) if dsn.strip() else {}
    except (psycopg.ProgrammingError, UnicodeError):
        given = {}  # what libpq says of it may quote it
    if not given:
        raise Invalid("The DSN cannot be read. Write it like postgresql://USER@HOST/DATABASE, with PGPASSWORD set.")
    try:
        return psycopg.connect(
            dsn, row_factory=dict_row, connect_timeout=10, application_name="blogforge import-legacy",
            client_encoding="UTF8",
        )  # fmt: skip
    except (psycopg.Error, UnicodeError) as error:
        password = str(given.get("password") or "")
        said = str(error).replace(password, "…") if password else str(error)
        raise Unavailable(f"The source database cannot be opened: {' '.join(said.split())}") from None


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise Unavailable(
            f"The source database cannot be read on: {' '.join(str(error).split())}. What was imported stays; the next "
            "import goes on from there."
        ) from error


def _loaded(text: str) -> Any:
    """Numbers of thousands of digits stay words: Python counts no further."""
    return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 1000 else digits)


def _json(text: str) -> Any:
    if _depth(text) > _DEEPEST:
        return _TOO_DEEP
    return _without_secrets(_loaded(text))


def _depth(text: str) -> int:
    """How deep the brackets outside of texts go."""
    deepest = depth = 0
    for bracket in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if bracket[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket[0] in "]}":
            depth -= 1
    return deepest


def _without_secrets(value: Any) -> Any:
    """JSON columns may hold some, deep inside."""
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items() if not _SECRET.search(key)}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _is_recoded(record: str | bytes) -> bool:
    try:
        return isinstance(record, bytes) and not record.decode("utf-8")
    except UnicodeDecodeError:
        return True
