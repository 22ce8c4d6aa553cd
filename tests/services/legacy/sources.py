"""Databases of an original BlogForge for the tests, in the tests' cluster, and what an import of one does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from blogforge_llm import db, embedded
from blogforge_llm.records.accounts import User
from blogforge_llm.records.legacy import Entry, Fate, Report
from blogforge_llm.services.legacy import importer, source
from tests.conftest import new_database

ERAS = ("v0", "v1", "v2", "v3")
_FOLDER = Path(__file__).parent / "eras"


def make_source(cluster: embedded.Cluster, era: str) -> str:
    """The URL of a new database of that era."""
    url = new_database(cluster)
    change(url, (_FOLDER / f"{era}.sql").read_text())
    return url


def change(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(statements.encode())


def import_(url: str, actor: User, *, name: str = "blog", is_dry_run: bool = False, **options: Any) -> Report:
    options.setdefault("transaction", db.transaction)
    with source.opened(url) as (_, opened):
        return importer.run(opened, actor=actor, name=name, is_dry_run=is_dry_run, **options)


def entry(report: Report, table: str, row_id: object) -> Entry:
    return next(each for each in report.tables[table].entries if each.row_id == str(row_id))


def fate(report: Report, table: str, row_id: object) -> Fate:
    return entry(report, table, row_id).fate


def noted(report: Report, table: str, row_id: object) -> str:
    return "; ".join(entry(report, table, row_id).notes)


def state(conn: db.Connection) -> dict[str, list[Any]]:
    """Every row of every table of ours, as the database has it."""
    tables = [row["name"] for row in conn.execute(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' "
        "AND table_type = 'BASE TABLE' ORDER BY 1"
    )]  # fmt: skip
    return {
        name: [row["r"] for row in conn.execute(f'SELECT to_jsonb(t) AS r FROM "{name}" t ORDER BY to_jsonb(t)::text')]  # type: ignore[arg-type]
        for name in tables
    }
