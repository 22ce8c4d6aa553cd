"""An import that is killed in the middle and run again ends as one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm import db, embedded
from blogforge_llm.config import ROOT
from blogforge_llm.records.legacy import Fate
from blogforge_llm.services.editorial import library
from tests.conftest import new_database
from tests.factories import make_user
from tests.services.legacy.sources import change, import_, make_source

MANY = """
INSERT INTO post (id, title, slug, deleted, created_at)
SELECT n, 'Post ' || n, 'post-' || n, n % 7 = 0, '2025-04-01 09:00' FROM generate_series(100, 300) n;
INSERT INTO post_development (id, post_id, basic_idea) SELECT n, n, 'Idea ' || n FROM generate_series(100, 300) n;
INSERT INTO post_section (id, post_id, section_order, section_heading, ideas_to_include, first_draft)
SELECT n, n, 0, 'Heading ' || n, '["Idea one", "Idea two"]', '<p>Draft ' || n || '</p>'
  FROM generate_series(100, 300) n;
"""
_COUNTED = (
    "parts", "templates", "actions", "models", "tasks", "post_items", "section_events", "legacy_imports",
)  # fmt: skip
CONTENT = """
SELECT p.slug, p.title, CASE WHEN p.created_at < '2026-01-01' THEN p.created_at END AS created_at,
       p.deleted_at IS NOT NULL AS is_deleted, s.code, f.key, r.text, r.origin
  FROM posts p
  LEFT JOIN revisions r ON r.post_id = p.id
  LEFT JOIN fields f ON f.id = r.field_id
  LEFT JOIN sections s ON s.id = r.section_id
 ORDER BY 1, 5, 6, r.id
"""


@pytest.fixture
def large(cluster: embedded.Cluster) -> str:
    url = make_source(cluster, "v0")
    change(url, MANY)
    return url


def content(url: str) -> dict[str, Any]:
    with psycopg.connect(url, row_factory=dict_row) as conn:
        counts = {
            table: conn.execute(f"SELECT count(*) AS n FROM {table}").fetchone()  # type: ignore[arg-type]
            for table in _COUNTED
        }  # fmt: skip
        return {"counts": counts, "texts": conn.execute(CONTENT).fetchall()}


def wait_for_rows(url: str, process: subprocess.Popen[bytes], *, at_least: int) -> None:
    pause = threading.Event()
    with psycopg.connect(url, autocommit=True) as conn:
        while process.poll() is None:
            row = conn.execute("SELECT count(*) FROM legacy_imports").fetchone()
            if row and row[0] >= at_least:
                return
            pause.wait(0.02)


@pytest.fixture
def uninterrupted(cluster: embedded.Cluster, template_database: str, large: str) -> Iterator[dict[str, Any]]:
    """What an import of the same source brings to an installation of its own."""
    url = new_database(cluster, template_database)
    db.open_pool(url)
    with db.transaction() as conn:
        ada = make_user(conn, name="Ada", role="admin")
    import_(large, ada)
    db.close_pool()
    yield content(url)


@pytest.mark.timeout(180)
def test_a_killed_import_ends_after_another_run_as_if_it_had_not_been_killed(
    uninterrupted: dict[str, Any], database_url: str, large: str, tmp_path: Path
) -> None:
    db.open_pool(database_url)
    try:
        with db.transaction() as conn:
            make_user(conn, name="Ada", role="admin")
        environment = os.environ | {
            "DATABASE_URL": database_url, "BLOGFORGE_SECRET_KEY": "a secret of the tests only",
            "BLOGFORGE_DATA_DIR": str(tmp_path),
        }  # fmt: skip
        command = [sys.executable, "-m", "blogforge_llm.cli.main", "import-legacy", large, "--source", "blog"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        wait_for_rows(database_url, process, at_least=200)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was done before it could be killed"
        with db.transaction() as conn:
            ada = library.find_first_admin(conn)
            row = conn.execute("SELECT count(*) AS n FROM posts").fetchone()
            assert row and 0 < row["n"] < 205
        report = import_(large, ada)
        assert 0 < report.tables["post"].fates[Fate.UNCHANGED] < 205
        assert all(table.is_accounted_for for table in report.tables.values())
    finally:
        db.close_pool()
    assert content(database_url) == uninterrupted
