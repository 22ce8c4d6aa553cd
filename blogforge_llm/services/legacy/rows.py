"""Rows of the source on their way in: each is taken once, and remembered with what it became (legacy_imports). What
somebody wrote over it since is never written over: that is a conflict, and the next import looks again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import DomainError
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Field
from blogforge_llm.records.legacy import Entry, Fate, Report, Table
from blogforge_llm.services import texts
from blogforge_llm.services.legacy import values
from blogforge_llm.services.legacy.source import Row, digest, id_of
from blogforge_llm.services.legacy.values import Read

sql = db.load("legacy/rows")

_SETTLED = (Fate.TAKEN, Fate.CHANGED)  # the rest may fare better once what they need is here
_LONGEST_NOTE = 500
_CREDENTIALS = re.compile(r"://[^/@\s]*:[^/@\s]*@")  # in an address
_SECRETS = re.compile(  # in JSON that stands in a text
    r'("[^"]{0,60}(?:api_?key|auth_token|secret|password|credential)[^"]{0,60}"\s*:\s*)"(?:[^"\\]|\\.)*"', re.I
)


@dataclass(slots=True)
class Run:
    """One import: on whose behalf, from which source, and what came of it so far."""

    actor: User
    source: str
    report: Report
    fields: dict[str, Field] = field(default_factory=dict)  # of the workflow here, by key
    entered: dict[str, dict[str, str]] = field(default_factory=dict)  # by table and id: where the row lies
    doubles: set[tuple[str, str]] = field(default_factory=set)

    def enter(self, table: str, row: Row, entry: Entry) -> None:
        self.report.tables.setdefault(table, Table(table)).entries.append(entry)
        if self.entered.setdefault(table, {}).setdefault(row.id, row.at) != row.at:
            self.doubles.add((table, row.at))

    def has_entered(self, table: str, row: Row) -> bool:
        return self.entered.get(table, {}).get(row.id) == row.at or (table, row.at) in self.doubles

    def knows_another(self, table: str, row: Row) -> bool:
        """Whether another row of this import had the same id."""
        return row.id in self.entered.get(table, {}) and not self.has_entered(table, row)


@dataclass(frozen=True, slots=True)
class Place:
    """What an earlier import made of a row, or of something in it."""

    place: str
    noun: str | None
    noun_id: int | None
    hash: bytes
    written: bytes | None
    fate: Fate
    created_at: str | None
    edited: str | None = None
    """What somebody wrote over here since, in words; for parts, templates and actions their own modules know."""


@dataclass(slots=True)
class Taking:
    """A row while it is taken in. `fate` only gets worse: a conflict stays one."""

    conn: db.Connection
    run: Run
    table: str
    row: Row
    known: Mapping[str, Place]
    entry: Entry
    noun: str | None = None
    noun_id: int | None = None
    kept: list[dict[str, Any]] = field(default_factory=list)
    written: bytes | None = None

    @property
    def before(self) -> Place | None:
        """What became of the row itself when it was taken before."""
        place = self.known.get("")
        return place if place is not None and place.noun_id is not None else None

    def get(self, column: str) -> Any:
        return self.row.data.get(column)

    def became(self, noun: str, noun_id: int, *, written: bytes | None = None) -> None:
        """The row as a whole is this here."""
        self.noun, self.noun_id, self.written = noun, noun_id, written
        self.tell(noun, noun_id)

    def keep(self, place: str, noun: str, noun_id: int, wanted: bytes, written: bytes | None = None) -> None:
        """Something in the row is this here."""
        self.kept.append({"place": place, "noun": noun, "noun_id": noun_id, "hash": wanted, "written": written})

    def note(self, column: str, read: Read) -> str:
        """The text that was read of a column; what had to be done for it is told."""
        if read.changes:
            self.change(f"{column}: {', '.join(dict.fromkeys(read.changes))}")
        if read.problem:
            self.conflict(f"{column}: {read.problem}")
        return read.text

    def tell_rest(self, handled: Iterable[str]) -> None:
        """Names what is filled and has no place here; it is kept with the import's record."""
        for column in ("created_at", "updated_at"):
            if (said := values.text_of(self.get(column)).text) and values.moment(said) is None:
                self.change(f"{column}: “{said[:40]}” is no time")
        quiet = {"id", "created_at", "updated_at", *handled}
        rest = [column for column, value in self.row.data.items() if column not in quiet and _is_filled(value)]
        if rest:
            self.change(f"no place here for {', '.join(rest)}: kept with the import's record")

    def change(self, words: str) -> None:
        self._worsen(Fate.CHANGED, words)

    def conflict(self, words: str) -> None:
        self._worsen(Fate.CONFLICT, words)

    def leave_out(self, words: str) -> None:
        """Nothing of the row is taken."""
        self._worsen(Fate.LEFT_OUT, words)

    def _worsen(self, fate: Fate, words: str) -> None:
        order = (Fate.TAKEN, Fate.CHANGED, Fate.LEFT_OUT, Fate.CONFLICT)
        self.entry.fate = max(self.entry.fate, fate, key=order.index)
        words = " ".join(texts.storable(words).split())
        self.entry.notes.append(words[:_LONGEST_NOTE])

    def tell_edits(self, names: Iterable[str]) -> None:
        """What stays as somebody edited it here, though the source says what it said before."""
        for name in names:
            if self.entry.fate is Fate.UNCHANGED:
                self.entry.fate = Fate.KEPT
            self.entry.notes.append(f"{texts.storable(name)[:200]} was edited here, so it is kept as it is")

    def tell(self, noun: str, noun_id: int) -> None:
        """The report says that the row became this here."""
        if (words := f"{noun} {noun_id}") not in self.entry.became:
            self.entry.became.append(words)


def take(
    conn: db.Connection,
    run: Run,
    table: str,
    row: Row,
    write: Callable[[Taking], None],
    *,
    goes_with: Sequence[Row] = (),
    edits: Callable[[Taking], list[str]] = lambda _: [],
) -> Taking:
    """Take one row in, unless an earlier import did and it says the same still. `goes_with` are rows it is made of
    beside itself; `edits` names what was edited here of what has no revisions. A domain error makes it a conflict and
    takes back only what this row wrote."""
    if run.knows_another(table, row):
        return _leave_double(conn, run, table, row)
    known = {place["place"]: _place(place) for place in sql.list_places(
        conn, source=run.source, table_name=table, row_id=row.id)}  # fmt: skip
    taking = Taking(conn, run, table, row, known, Entry(row.id))
    wanted = digest(row.hash.hex(), *(other.hash.hex() for other in goes_with))
    itself = known.get("")
    if itself is not None and itself.hash == wanted and itself.fate in _SETTLED:
        taking.noun, taking.noun_id = itself.noun, itself.noun_id
        taking.entry.fate = Fate.UNCHANGED
        if itself.noun_id is not None:
            taking.tell(str(itself.noun), itself.noun_id)
        taking.tell_edits([place.edited for place in known.values() if place.edited] + edits(taking))
    elif _is_another(taking):
        taking.conflict(
            f"another row had this id when it was imported from “{run.source}”. If this is another database, give it a "
            "name of its own with --source."
        )
    else:
        _write(taking, write, wanted)
        if taking.entry.fate in _SETTLED:
            written = {kept["place"] for kept in taking.kept if kept["noun"] == "revision"}
            taking.tell_edits(p.edited for p in known.values() if p.edited and p.place not in written)
    run.enter(table, row, taking.entry)
    return taking


def remember_place(taking: Taking, place: str, noun: str, noun_id: int, wanted: bytes) -> None:
    """Of a row that was taken already."""
    about = {"source": taking.run.source, "table_name": taking.table, "row_id": taking.row.id}
    sql.keep(
        taking.conn, **about, place=place, noun=noun, noun_id=noun_id, hash=wanted, written=None, fate=Fate.TAKEN,
        original=None,
    )  # fmt: skip


def find(conn: db.Connection, run: Run, table: str, row_id: Any, *, place: str = "") -> int | None:
    """The id here of what a row of the source became."""
    if row_id is None:
        return None
    found: int | None = sql.find_id(conn, source=run.source, table_name=table, row_id=id_of(row_id), place=place)
    return found


def original(conn: db.Connection, run: Run, table: str, row_id: Any) -> dict[str, Any]:
    """A row of the source as it was read; empty when there was none."""
    found = sql.get_original(conn, source=run.source, table_name=table, row_id=id_of(row_id))
    return found or {}


def find_origin(conn: db.Connection, *, noun: str, noun_id: int) -> tuple[str, str, str] | None:
    """Source, table and row that something here came from; None for what was made here."""
    row = sql.find_origin(conn, noun=noun, noun_id=noun_id)
    return None if row is None else (row["source"], row["table_name"], row["row_id"])


def leave_out(conn: db.Connection, run: Run, table: str, row: Row, reason: str) -> None:
    """A row that cannot be taken, with its reason, unless it is accounted for already."""
    if run.has_entered(table, row):
        return
    take(conn, run, table, row, lambda taking: taking.leave_out(reason))


def _leave_double(conn: db.Connection, run: Run, table: str, row: Row) -> Taking:
    """The second row of an id: which of them others mean, and which will be first the next time, nobody knows."""
    taking = Taking(conn, run, table, row, {}, Entry(row.id))
    taking.conflict("another row of this table has the same id, or says just the same; that one was looked at")
    run.enter(table, row, taking.entry)
    return taking


def _write(taking: Taking, write: Callable[[Taking], None], wanted: bytes) -> None:
    before = taking.known.get("")
    try:
        with taking.conn.transaction():
            write(taking)
    except (DomainError, psycopg.DataError) as error:
        taking.kept = []
        taking.noun, taking.noun_id = (before.noun, before.noun_id) if before else (None, None)
        taking.written = before.written if before else None
        taking.entry.became = []
        taking.conflict(str(error) if isinstance(error, DomainError) else "PostgreSQL cannot store it as it is")
    for column in taking.row.had_secrets:
        taking.change(f"{column} was not read: type the secret in anew")
    if taking.row.was_recoded:
        taking.change("its bytes are not UTF-8 and were read as Windows-1252")
    _remember(taking, wanted)


def _is_another(taking: Taking) -> bool:
    """The same id with another time of birth is another row, so most likely another database."""
    itself, born = taking.known.get(""), taking.get("created_at")
    return bool(itself and itself.noun_id and itself.created_at and born and itself.created_at != born)


def _remember(taking: Taking, wanted: bytes) -> None:
    """A conflict keeps no hash that a later import would take for settled."""
    about = {"source": taking.run.source, "table_name": taking.table, "row_id": taking.row.id}
    itself = taking.known.get("")
    if taking.entry.fate is Fate.LEFT_OUT and itself is not None and itself.noun_id is not None:
        return  # it is here: only what it belongs to is missing now
    if taking.entry.fate is Fate.CONFLICT and itself is not None:
        stands = {"noun": itself.noun, "noun_id": itself.noun_id, "written": itself.written}
    else:
        stands = {"noun": None, "noun_id": None, "written": None}
    if taking.noun is not None:
        stands = {"noun": taking.noun, "noun_id": taking.noun_id, "written": taking.written}
    shown = _storable(taking.row.data)
    sql.keep(taking.conn, **about, place="", hash=wanted, fate=taking.entry.fate, original=Jsonb(shown), **stands)
    for kept in taking.kept:
        sql.keep(taking.conn, **about, fate=Fate.TAKEN, original=None, **kept)


def _storable(value: Any) -> Any:
    """JSON as jsonb takes it, without the names and passwords in addresses."""
    if isinstance(value, dict):
        return {texts.storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if not isinstance(value, str):
        return value
    return _SECRETS.sub(r'\1"…"', _CREDENTIALS.sub("://", texts.storable(value)))


def _place(row: dict[str, Any]) -> Place:
    return Place(**row | {"fate": Fate(row["fate"]), "hash": bytes(row["hash"])})


def _is_filled(value: Any) -> bool:
    return value not in (None, "", 0, False, [], {}) and bool(values.text_of(value).text)
