"""`blogforge import-legacy`: what it prints, what it refuses, and that it never tells a password."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from blogforge_llm import db, embedded
from blogforge_llm.cli import legacy
from blogforge_llm.config import Settings
from blogforge_llm.errors import DomainError, Invalid, NotFound, Unavailable
from blogforge_llm.records.accounts import User
from tests.conftest import new_database
from tests.services.legacy.sources import change, make_source


@pytest.fixture(scope="module")
def v0(cluster: embedded.Cluster) -> str:
    return make_source(cluster, "v0")


def run(settings: Settings, *words: str) -> int:
    parser = argparse.ArgumentParser()
    legacy.add_arguments(parser.add_subparsers())
    arguments = parser.parse_args(["import-legacy", *words])
    code: int = arguments.run(arguments, settings)
    return code


def test_a_dry_run_prints_the_account_and_changes_nothing(
    conn: db.Connection, ada: User, settings: Settings, v0: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(settings, v0, "--dry-run") == 0
    told = capsys.readouterr().out
    assert "(dry run, nothing is changed)" in told
    counts = {line.split()[0]: line.split()[1:] for line in told.splitlines() if re.match(r"\w+ +\d", line)}
    assert counts["post_development"] == ["4", "1", "1", "·", "·", "1", "1"]
    assert "Conflicts: somebody must decide" in told and "llm_prompt 4: “Facts with a loop” is no prompt here" in told
    assert "user: people are made anew" in told
    assert conn.execute("SELECT 1 FROM posts").fetchone() is None


def test_the_report_s_file_has_every_row(
    conn: db.Connection, ada: User, settings: Settings, v0: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    assert run(settings, v0, "--report", str(file), "--source", "old") == 0
    report = json.loads(file.read_text())
    assert (report["source"], report["dry_run"]) == ("old", False)
    for table in report["tables"]:
        assert sum(table["totals"].values()) == table["rows"]
        assert table["reason"] or len(table["entries"]) == table["rows"]
    with pytest.raises(Invalid, match="cannot be written"):
        run(settings, v0, "--report", str(tmp_path / "no" / "such" / "folder"))


def test_a_source_of_several_words_is_one(
    conn: db.Connection, ada: User, settings: Settings, v0: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"{name}={value}" for name, value in psycopg.conninfo.conninfo_to_dict(v0).items()]
    assert run(settings, *words, "--dry-run") == 0
    assert "post_development" in capsys.readouterr().out


@pytest.mark.parametrize("dsn", (
    "postgresql://owner:hunter2-pass@127.0.0.1:1/blog", "host=127.0.0.1 port=1 user=owner password=hunter2-pass",
    "postgresql://owner:hunter2-pass@127.0.0.1:one/blog", "postgresql://owner:hunter2-pass@[", "hunter2-pass", "", " ",
    "host=/nowhere password=hunter2-pass user='", "mysql://owner:hunter2-pass@host/blog",
    "postgresql://owner:hunter2%2Dpass@127.0.0.1:1/caf%e9",
))  # fmt: skip
def test_what_cannot_be_opened_is_told_without_the_password(
    conn: db.Connection, ada: User, settings: Settings, dsn: str
) -> None:
    with pytest.raises(DomainError, match=r"^The (source database cannot be opened|DSN cannot be read)") as raised:
        run(settings, dsn)
    assert "hunter2" not in str(raised.value)


def test_a_wrong_password_or_database_is_told_in_the_server_s_words(
    conn: db.Connection, ada: User, settings: Settings, cluster: embedded.Cluster
) -> None:
    given = urlsplit(cluster.url)
    with pytest.raises(Unavailable, match=r"password authentication failed"):
        run(settings, cluster.url.replace(f":{given.password}@", ":hunter2@"))
    with pytest.raises(Unavailable, match='database "nowhere" does not exist'):
        run(settings, cluster.url.replace("/blogforge?", "/nowhere?"))


def test_without_an_admin_nobody_can_have_imported_it(conn: db.Connection, alice: User, settings: Settings) -> None:
    with pytest.raises(NotFound, match="no active admin"):
        run(settings, "postgresql://127.0.0.1:1/blog")


def test_an_empty_database_and_our_own_are_refused(
    conn: db.Connection, ada: User, settings: Settings, cluster: embedded.Cluster, shared_database: str
) -> None:
    with pytest.raises(Invalid, match="no table of an original BlogForge"):
        run(settings, new_database(cluster))
    with pytest.raises(Invalid, match="a database of BlogForge LLM itself"):
        run(settings, shared_database)


def test_a_database_with_the_tables_and_no_row_is_imported_as_nothing(
    conn: db.Connection, ada: User, settings: Settings, cluster: embedded.Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_database(cluster)
    change(url, "CREATE TABLE post (id int); CREATE TABLE llm_prompt ()")
    assert run(settings, url) == 0
    assert re.search(r"in all +0( +·)+$", capsys.readouterr().out, re.M)


def test_the_source_s_texts_give_the_terminal_no_orders(
    conn: db.Connection, ada: User, settings: Settings, cluster: embedded.Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_database(cluster)
    change(
        url,
        "CREATE TABLE post (id text, title text, slug text, note text); "
        "INSERT INTO post VALUES (E'a\\x1b[2J\\n\\u202e', 'A', 'a', 'x'), (repeat('long', 9999), 'B', 'b', 'x'); "
        "CREATE TABLE post_development (id text, post_id text, basic_idea text); "
        "INSERT INTO post_development VALUES (repeat('d', 9999), repeat('long', 9999), 'Of the long one')",
    )
    assert run(settings, url) == 0
    told = capsys.readouterr().out
    assert "post a\ufffd[2J\ufffd\ufffd →" in told and "\x1b" not in told and max(map(len, told.splitlines())) < 500
    assert run(settings, url) == 0
    assert "changed" in capsys.readouterr().out
    assert conn.execute("SELECT 1 FROM revisions WHERE text = 'Of the long one'").fetchone()
