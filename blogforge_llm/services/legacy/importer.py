"""The import of an original BlogForge: which table in which order, how much in a transaction, the account of every row.
Whatever stops it, the next import goes on where this one committed last. Opening the source is source.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from psycopg.errors import QueryCanceled

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.legacy import Fate, Report, Table
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.legacy import actions, history, leftovers, posts, prompts, registry, rows
from blogforge_llm.services.legacy.catalog import TAKEN
from blogforge_llm.services.legacy.posts import Batch
from blogforge_llm.services.legacy.rows import Run
from blogforge_llm.services.legacy.source import Row, Source
from blogforge_llm.services.ops import audit

Transaction = Callable[[], AbstractContextManager[db.Connection]]
Take = Callable[[db.Connection, Run, Row], None]

TOGETHER = 100  # rows, or posts with all that is theirs, in one transaction

_SIMPLE: tuple[tuple[str, Take], ...] = (
    ("llm_provider", registry.take_provider),
    ("llm_config", registry.take_config),
    ("llm_model", registry.take_model),
    ("llm_prompt_part", prompts.take_part),
    ("llm_prompt", prompts.take_prompt),
)
_USES = ("post_substage_action", "post_workflow_step_action", "substage_action_default")
_HISTORY = ("llm_action_history", "llm_interaction")


def run(source: Source, *, actor: User, name: str, transaction: Transaction, is_dry_run: bool = False) -> Report:
    """Take in what is new or changed in the source, known by `name`. `transaction` opens one of ours. A dry run is the
    import itself in one transaction that is rolled back, so its report is what the import would do."""
    for permission in (Permission.KEEP_REGISTRY, Permission.KEEP_PROMPTS, Permission.WRITE_POSTS):
        permissions.require(actor, permission)
    if not TAKEN & source.tables.keys():
        raise Invalid("This database has no table of an original BlogForge, such as post or llm_prompt. Check the DSN.")
    name = texts.line(name, name="source", label="The source's name")
    report = Report(name, is_dry_run)
    with _rolled_back(transaction) if is_dry_run else _committed(transaction) as chunk:
        _Import(source, Run(actor, name, report), chunk).run()
    return report


@contextmanager
def _committed(transaction: Transaction) -> Iterator[Transaction]:
    @contextmanager
    def chunk() -> Iterator[db.Connection]:
        with transaction() as conn:
            _lock(conn)
            yield conn

    yield chunk


@contextmanager
def _rolled_back(transaction: Transaction) -> Iterator[Transaction]:
    """All chunks in one transaction of which nothing stays."""
    with transaction() as conn, conn.transaction(force_rollback=True):
        _lock(conn)

        @contextmanager
        def chunk() -> Iterator[db.Connection]:
            with conn.transaction():
                yield conn

        yield chunk


def _lock(conn: db.Connection) -> None:
    """One import writes at a time; a dry run holds the others up until it has ended."""
    try:
        rows.sql.lock_imports(conn)
    except QueryCanceled:
        raise Conflict("Another import is running. Wait until it has ended, then import again.") from None


class _Import:
    """One run through all tables of the source."""

    def __init__(self, source: Source, run_: Run, transaction: Transaction) -> None:
        self.source, self.run_, self.transaction = source, run_, transaction

    def run(self) -> None:
        for table in self.source.tables:
            rows_ = self.source.count(table)
            counted = Table(table, rows_ or 0, is_readable=rows_ is not None)
            if table not in TAKEN:
                counted.reason = leftovers.reason(table) if rows_ is not None else leftovers.UNREADABLE
            self.run_.report.tables[table] = counted
        for table, take in _SIMPLE:
            self._each(table, take)
        self._actions()
        self._posts()
        for table in _HISTORY:
            self._each(table, lambda conn, run_, row, table=table: history.take(conn, run_, table, row))  # type: ignore[misc]
        with self.transaction() as conn:
            self._record(conn)

    def _record(self, conn: db.Connection) -> None:
        """In the audit log, unless nothing was new."""
        fates = self.run_.report.fates
        if fates[Fate.TAKEN] or fates[Fate.CHANGED]:
            audit.record(
                conn, actor=self.run_.actor, action="import", noun="legacy", noun_id=self.run_.source,
                after={str(fate): fates[fate] for fate in Fate},
            )  # fmt: skip

    def _each(self, table: str, take: Take) -> None:
        self._together(self.source.rows(table), take)

    def _together(self, found: Iterable[Row], take: Take) -> None:
        for together in _batched(found):
            with self.transaction() as conn:
                for row in together:
                    take(conn, self.run_, row)

    def _actions(self) -> None:
        """Each with the rows that say where it stood; those then, also of actions that are not there."""
        uses: dict[str, list[Row]] = {}
        for table in _USES:
            for row in self.source.rows(table):
                uses.setdefault(str(row.data.get("action_id")), []).append(row)
        known: set[str] = set()

        def take(conn: db.Connection, run_: Run, row: Row) -> None:
            known.add(row.id)
            actions.take(conn, run_, row, uses.get(row.id, []))

        self._each("llm_action", take)
        for table in _USES:
            self._each(table, lambda conn, run_, row, table=table: actions.take_use(conn, run_, table, row, known))  # type: ignore[misc]

    def _posts(self) -> None:
        for together in _batched(self.source.rows("post")):
            batch = Batch(together, {table: self._children(table, together) for table in posts.CHILDREN})
            with self.transaction() as conn:
                posts.take(conn, self.run_, batch)
        for table in posts.CHILDREN:
            left = (row for row in self.source.rows(table) if not self.run_.has_entered(table, row))
            self._together(
                left,
                lambda conn, run_, row, table=table: rows.leave_out(  # type: ignore[misc]
                    conn, run_, table, row, f"its post {row.data.get('post_id')} is not in the source"
                ),
            )

    def _children(self, table: str, parents: Iterable[Row]) -> dict[str, list[Row]]:
        ids = [str(row.data["id"]) for row in parents if row.data.get("id") is not None]
        found: dict[str, list[Row]] = {}
        for row in self.source.rows_of(table, "post_id", ids):
            found.setdefault(str(row.data.get("post_id")), []).append(row)
        return found


def _batched(found: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(found)
    while together := list(itertools.islice(left, TOGETHER)):
        yield together
