"""The database of an original BlogForge, read as it was at one moment and never written. Every table and column may be
missing; secrets are not even asked for. What its values mean is values.py.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql as composed
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.errors import Invalid, Unavailable

sql = db.load("legacy/source")

KEY = "id"
_FETCH = 500  # rows at a time: they may be large
_SECRET = re.compile(
    r"(^|_)(api_?key|access_?key|auth|token|secret|password|passwd|credentials?|private_?key)(_|$)", re.I
)
_OURS = "legacy_imports"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its columns as JSON has them, without secrets. `had_secrets` names those that were filled."""

    id: str
    data: dict[str, Any]
    had_secrets: tuple[str, ...] = ()
    was_recoded: bool = False

    @property
    def hash(self) -> bytes:
        return digest(self.data, list(self.had_secrets))


class Source:
    """`tables` are the columns of each by name; a table outside the schema of first choice is “schema.table”."""

    def __init__(self, conn: psycopg.Connection[dict[str, Any]], encoding: str) -> None:
        self._conn = conn
        self._is_raw = encoding == "SQL_ASCII"
        self._cursors = itertools.count()  # several are open at once
        self.tables: dict[str, list[str]] = {}
        self._names: dict[str, composed.Identifier] = {}
        for row in _texts(sql.list_columns(conn)):
            name = row["table"]
            if name in self._names and self._names[name] != composed.Identifier(row["schema"], name):
                name = f"{row['schema']}.{name}"
            if not row["is_readable"]:
                raise Invalid(
                    f"The table {name} cannot be read. GRANT SELECT on all tables to this user, then try again."
                )
            self._names[name] = composed.Identifier(row["schema"], row["table"])
            self.tables.setdefault(name, []).append(row["column"])

    def has(self, table: str, *columns: str) -> bool:
        return table in self.tables and all(column in self.tables[table] for column in columns)

    def count(self, table: str) -> int:
        query = composed.SQL("SELECT count(*) AS n FROM ONLY {}").format(self._names[table])
        row = self._conn.execute(query).fetchone()
        return int(row["n"]) if row else 0

    def rows(self, table: str) -> Iterator[Row]:
        """All of a table by id, through a cursor of the server. Nothing of a table that is not there."""
        if table in self.tables:
            yield from self._read(table, composed.SQL(""), ())

    def rows_of(self, table: str, column: str, ids: Sequence[str]) -> list[Row]:
        """Those whose column has one of the ids."""
        if not self.has(table, column) or not ids:
            return []
        where = composed.SQL(" WHERE t.{}::text = ANY (%s)").format(composed.Identifier(column))
        return list(self._read(table, where, (list(ids),)))

    def orphans(self, table: str, column: str, parent: str) -> Iterator[Row]:
        """Those whose column names no row of the parent table."""
        if table not in self.tables:
            return
        where: composed.Composable = composed.SQL("")
        to = composed.Identifier(column)
        if self.has(table, column) and self.has(parent, KEY):
            where = composed.SQL(
                " WHERE t.{} IS NULL OR NOT EXISTS (SELECT FROM ONLY {} p WHERE p.id::text = t.{}::text)"
            ).format(to, self._names[parent], to)
        yield from self._read(table, where, ())

    def _read(self, table: str, where: composed.Composable, values: Sequence[Any]) -> Iterator[Row]:
        columns = self.tables[table]
        secrets = [column for column in columns if _SECRET.search(column)]
        asked = [composed.SQL("t.{}").format(composed.Identifier(each)) for each in columns if each not in secrets]
        asked += [
            composed.SQL("coalesce(t.{0}::text, '') <> '' AS {0}").format(composed.Identifier(each)) for each in secrets
        ]
        order = composed.SQL("t.id, t.ctid" if KEY in columns else "t.ctid")
        query = composed.SQL("SELECT to_json(r)::text AS r FROM (SELECT {} FROM ONLY {} t{} ORDER BY {}) r").format(
            composed.SQL(", ").join(asked), self._names[table], where, order
        )
        seen: Counter[str] = Counter()
        with self._conn.cursor(f"rows {next(self._cursors)}") as cursor:
            cursor.itersize = _FETCH
            for record in cursor.execute(query, values):
                yield self._row(record["r"], secrets, seen)

    def _row(self, record: str | bytes, secrets: Sequence[str], seen: Counter[str]) -> Row:
        text, was_recoded = _decoded(record)
        data = _without_secrets(json.loads(text))
        filled = tuple(column for column in secrets if data.pop(column))
        name = str(data[KEY]) if data.get(KEY) is not None else digest(data).hex()[:16]
        seen[name] += 1
        return Row(name if seen[name] == 1 else f"{name}#{seen[name]}", data, filled, was_recoded)


@contextlib.contextmanager
def opened(dsn: str) -> Iterator[tuple[str, Source]]:
    """The name of the database, and what can be read of it at this moment. Raises Invalid and Unavailable, in words
    without the password."""
    try:
        password = conninfo_to_dict(dsn).get("password")
    except psycopg.ProgrammingError:
        raise Invalid(
            "The DSN cannot be read. Write it like postgresql://USER@HOST/DATABASE, with PGPASSWORD set."
        ) from None
    try:
        conn = psycopg.connect(
            dsn, row_factory=dict_row, connect_timeout=10, application_name="blogforge import-legacy"
        )
    except psycopg.Error as error:
        said = str(error).replace(str(password), "…") if password else str(error)
        raise Unavailable(f"The source database does not answer: {' '.join(said.split())}") from None
    with contextlib.closing(conn):
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        conn.execute("SET LOCAL statement_timeout = 0")
        found = _texts([sql.get_database(conn)])[0]
        if (
            found["encoding"] == "SQL_ASCII"
        ):  # holds any bytes; asked for UTF-8 the server would stop at the first wrong one
            conn.execute("SET LOCAL client_encoding = 'SQL_ASCII'")
        source = Source(conn, found["encoding"])
        if _OURS in source.tables:
            raise Invalid("This is a database of BlogForge LLM itself, not of an original BlogForge. Check the DSN.")
        yield found["name"], source


def digest(*values: Any) -> bytes:
    """Equal for values that say the same."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).digest()


def _decoded(record: str | bytes) -> tuple[str, bool]:
    """Bytes come from a database without an encoding: UTF-8 if they are, else what Windows wrote."""
    if isinstance(record, str):
        return record, False
    try:
        return record.decode("utf-8"), False
    except UnicodeDecodeError:
        return record.decode("cp1252", "replace"), True


def _without_secrets(value: Any) -> Any:
    """JSON columns may hold some, deep inside; those of the row itself are only true or false by now."""
    if isinstance(value, dict):
        return {
            key: _without_secrets(item) for key, item in value.items()
            if isinstance(item, bool) or not _SECRET.search(key)
        }  # fmt: skip
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _texts(rows: Any) -> list[dict[str, Any]]:
    """Names as texts: a database without an encoding gives bytes."""
    return [{key: _decoded(item)[0] if isinstance(item, bytes) else item for key, item in row.items()} for row in rows]
