"""Bring a database to the schema in sql/migrations: forward only, one transaction each, safe to run from many hosts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from blogforge_llm.config import ROOT
from blogforge_llm.errors import Unavailable

FOLDER = ROOT / "sql" / "migrations"
_LOCK = 7_265_001  # the advisory lock that makes two migrating processes wait for each other


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    path: Path


def all_migrations() -> list[Migration]:
    return [Migration(int(path.name[:4]), path.stem, path) for path in sorted(FOLDER.glob("[0-9]*.sql"))]


def apply(database_url: str) -> list[str]:
    """Run what is missing; return the names of what ran. Raises psycopg.Error, with the failed one rolled back."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        conn.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            " number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = _applied(conn)
        ran = []
        for migration in all_migrations():
            if migration.number in done:
                continue
            with conn.transaction():
                conn.execute("SET LOCAL lock_timeout = '10s'")
                conn.execute(migration.path.read_bytes())
                conn.execute(
                    "INSERT INTO schema_migrations (number, name) VALUES (%s, %s)", (migration.number, migration.name)
                )
            ran.append(migration.name)
        return ran


def check(database_url: str) -> None:
    """Raise Unavailable, saying what to do, unless the database has exactly this version's schema."""
    try:
        with psycopg.connect(database_url, autocommit=True, connect_timeout=10) as conn:
            has_table = conn.execute("SELECT to_regclass('schema_migrations') IS NOT NULL").fetchone()
            done = _applied(conn) if has_table and has_table[0] else set()
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {str(error).strip().splitlines()[0]}") from error
    known = {migration.number for migration in all_migrations()}
    if missing := sorted(known - done):
        raise Unavailable(
            f"The database schema is old: {len(missing)} migrations are missing, from {missing[0]:04d} on. "
            "Run `blogforge migrate` first."
        )
    if unknown := sorted(done - known):
        raise Unavailable(
            f"The database was made by a newer version (migration {unknown[-1]:04d} is not known here). "
            "Update this installation."
        )


def _applied(conn: psycopg.Connection) -> set[int]:
    return {row[0] for row in conn.execute("SELECT number FROM schema_migrations").fetchall()}
