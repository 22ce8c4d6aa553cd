"""The rules of the house that a machine can check: imports, queries, schema, style, types, the shape of the tree."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from blogforge_llm import db, embedded
from blogforge_llm.config import ROOT
from tests.conftest import new_database

BIN = Path(sys.executable).parent
QUERY_FILES = sorted((ROOT / "sql" / "queries").rglob("*.sql"))


def check(*command: str) -> None:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_go_one_way() -> None:
    check("lint-imports")


def test_the_code_is_clean_and_formatted() -> None:
    check("ruff", "check", ".")
    check("ruff", "format", "--check", ".")


@pytest.mark.timeout(300)
def test_the_types_hold() -> None:
    check("mypy")


@pytest.mark.parametrize("path", QUERY_FILES, ids=lambda path: str(path.relative_to(ROOT / "sql" / "queries")))
def test_every_query_is_one_postgresql_can_plan(path: Path, conn: db.Connection) -> None:
    queries = db.load(str(path.relative_to(ROOT / "sql" / "queries").with_suffix("")))
    for name in queries.available_queries:
        if name.endswith("_cursor"):
            continue
        function = getattr(queries, name)
        statement = re.sub(r"%\((\w+)\)s", "NULL", function.sql)
        with conn.transaction(force_rollback=True):
            conn.execute("EXPLAIN " + statement.rstrip().rstrip(";").replace("%%", "%"))


def test_schema_sql_is_what_all_migrations_make(cluster: embedded.Cluster, template_database: str) -> None:
    by_hand = new_database(cluster)
    with psycopg.connect(by_hand, autocommit=True) as conn:
        conn.execute((ROOT / "sql" / "schema.sql").read_bytes())
    migrated = cluster.url
    assert _dump(by_hand) == _dump(migrated)


def _dump(url: str) -> list[str]:
    done = subprocess.run(
        [embedded.pg_program("pg_dump"), "--schema-only", "--no-owner", "--exclude-table=schema_migrations", url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # Newer pg_dump writes a random \restrict key.
    return [line for line in done.stdout.splitlines() if not line.startswith(("--", "\\restrict", "\\unrestrict"))]


def test_no_module_is_named_for_a_drawer() -> None:
    names = {path.stem for path in (ROOT / "blogforge_llm").rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def test_one_noun_has_the_same_place_in_sql_and_in_the_layer_that_owns_it() -> None:
    """The services, but for what the engine moves by itself."""
    for path in QUERY_FILES:
        module = path.relative_to(ROOT / "sql" / "queries").with_suffix(".py")
        layer = ROOT / "blogforge_llm" if module.parts[0] == "engine" else ROOT / "blogforge_llm" / "services"
        assert (layer / module).exists(), f"{path.name} has no module of its name"


def test_templates_have_nothing_inline() -> None:
    """The policy forbids inline script and style; a page that needs them would silently lose them."""
    forbidden = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|\"js:", re.I)
    for path in (ROOT / "templates").rglob("*.html"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert not forbidden.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


def test_nothing_names_a_package_host_or_this_machine() -> None:
    git = shutil.which("git")
    assert git
    done = subprocess.run(
        [git, "grep", "-nIiE", r"pypi\.org|registry\.npmjs|files\.pythonhosted|index-url|/root/|/work/main", "--",
         ".", ":!tests/test_house.py", ":!static/vendor", ":!tests/browser/vendor"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == ""


def test_importing_the_package_is_quick_because_sdks_come_on_first_use() -> None:
    script = (
        "import sys, blogforge_llm.app, blogforge_llm.engine.fallback; "
        "print([m for m in ('groq', 'cerebras', 'openai', 'llm', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
