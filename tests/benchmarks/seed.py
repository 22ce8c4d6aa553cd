"""`python -m tests.benchmarks.seed --tasks 1000000 --database URL`: a year of rows, made by the database itself.

For a million tasks there are 1.3 million attempts, half a million suggestions, 5,000 posts, and what they name; rare
values are among them (a category, a template, an action, a post and a word that three tasks have). Indexes of the large
tables are dropped meanwhile and made again. Use a database of its own: the rows are marked "seed", and stay.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import aiosql
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.services.ops import totals

ORDER = (
    "seed_people", "seed_providers", "seed_models", "seed_routes", "seed_parts", "publish_parts", "seed_templates",
    "publish_templates", "seed_blocks", "seed_actions", "seed_posts", "make_words", "index_words", "make_draws",
    "seed_tasks", "seed_attempts", "seed_ledger", "seed_budget_days",
    "seed_budgets", "seed_suggestions", "set_task_ids",
)  # fmt: skip
_LARGE = ("tasks", "attempts", "suggestions", "task_words")
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
  FROM pg_index i
 WHERE i.indrelid = ANY (%s::regclass[]) AND NOT i.indisprimary
   AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


def seed(url: str, *, tasks: int) -> None:
    """Fill a migrated database; says on stderr what took how long."""
    queries = aiosql.from_path(Path(__file__).with_suffix(".sql"), "psycopg")
    with unhindered(url) as conn:
        with _without_indexes(conn):
            for name in ORDER:
                query = getattr(queries, name)
                asked = {"tasks": tasks} if "%(tasks)s" in query.sql else {}
                timed(name, lambda query=query, asked=asked: query(conn, **asked))
            timed("words", lambda: totals.read_ended(conn, limit=2 * tasks))
        timed("statistics", lambda: conn.execute("VACUUM ANALYZE"))
        timed("totals", lambda: add_up(conn))


def unhindered(url: str) -> db.Connection:
    """A connection for filling an empty database: nobody else is there, and every row is right by construction, so no
    flush for each, no look-up of each key, no trigger; what random() draws is the same each time."""
    conn = db.Connection.connect(url, autocommit=True, row_factory=dict_row)
    for setting in ("synchronous_commit = off", "session_replication_role = replica", "work_mem = '256MB'",
                    "maintenance_work_mem = '1GB'", "statement_timeout = 0"):  # fmt: skip
        conn.execute(f"SET {setting}".encode())
    conn.execute("SELECT setseed(0.4)")
    return conn


def add_up(conn: db.Connection) -> None:
    """What the upkeep job does over time."""
    while totals.add_up(conn, limit=500):
        pass


class _without_indexes:
    def __init__(self, conn: db.Connection) -> None:
        self.conn = conn

    def __enter__(self) -> None:
        self.made = self.conn.execute(_INDEXES, (list(_LARGE),)).fetchall()
        kept = "finished_at"  # what read_ended looks them up by
        self.made = [row for row in self.made if kept not in row["name"]]
        for row in self.made:
            self.conn.execute(f"DROP INDEX {row['name']}".encode())

    def __exit__(self, *exc_info: object) -> None:
        for row in self.made:
            timed(f"index {row['name']}", lambda row=row: self.conn.execute(row["definition"].encode()))


def timed(name: str, do: Any) -> None:
    began = time.monotonic()
    do()
    print(f"{name:<44}{time.monotonic() - began:>8.1f} s", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.seed", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--database", required=True, metavar="URL", help="migrated already, and used for nothing else")
    asked = parser.parse_args()
    seed(asked.database, tasks=asked.tasks)
    return 0


if __name__ == "__main__":
    sys.exit(main())
