"""The import of an original BlogForge: which table in which order, how much in a transaction, the account of every row.
Whatever stops it, the next import goes on where this one committed last. Opening the source is source.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.legacy import Report, Table
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.legacy import actions, history, leftovers, posts, prompts, registry, rows
from blogforge_llm.services.legacy.posts import Batch
from blogforge_llm.services.legacy.rows import Run
from blogforge_llm.services.legacy.source import Row, Source

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
_TAKEN = {"post", "llm_action", *posts.CHILDREN, *_USES, *_HISTORY, *(table for table, _ in _SIMPLE)}


def run(source: Source, *, actor: User, name: str, transaction: Transaction, is_dry_run: bool = False) -> Report:
    """Take in what is new or changed in the source, known by `name`. `transaction` opens one of ours. A dry run is the
    import itself in one transaction that is rolled back, so its report is what the import would do."""
    for permission in (Permission.KEEP_REGISTRY, Permission.KEEP_PROMPTS, Permission.WRITE_POSTS):
        permissions.require(actor, permission)
    if not _TAKEN & source.tables.keys():
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
            rows.sql.lock_imports(conn)
            yield conn

    yield chunk


@contextmanager
def _rolled_back(transaction: Transaction) -> Iterator[Transaction]:
    """All chunks in one transaction of which nothing stays."""
    with transaction() as conn, conn.transaction(force_rollback=True):
        rows.sql.lock_imports(conn)

        @contextmanager
        def chunk() -> Iterator[db.Connection]:
            with conn.transaction():
                yield conn

        yield chunk


class _Import:
    """One run through all tables of the source."""

    def __init__(self, source: Source, run_: Run, transaction: Transaction) -> None:
        self.source, self.run_, self.transaction = source, run_, transaction

    def run(self) -> None:
        for table in self.source.tables:
            counted = Table(table, self.source.count(table))
            if table not in _TAKEN:
                counted.reason = leftovers.reason(table)
            self.run_.report.tables[table] = counted
        for table, take in _SIMPLE:
            self._each(table, take)
        self._actions()
        self._posts()
        for table in _HISTORY:
            self._each(table, lambda conn, run_, row, table=table: history.take(conn, run_, table, row))  # type: ignore[misc]

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
            self._together(
                self.source.orphans(table, "post_id", "post"),
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
