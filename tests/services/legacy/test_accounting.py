"""Every row of the source is accounted for, whatever it holds; a dry run promises what the run then does."""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql as composed
from psycopg.rows import dict_row

from blogforge_llm import db, embedded
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.legacy import Fate, Report
from blogforge_llm.services.legacy import importer
from blogforge_llm.services.legacy.source import Source
from tests.services.legacy.sources import ERAS, change, import_, make_source, state

WEIRD = (
    None, "", "null", "[object Object]", "[", '["a", null, {"title": "b"}]', '{"x": [1, 2]}', "{a,b}", "a\r\nb",
    "\u200a–\x7f", "<p>x<b>y</p>", "<table>", "{{#each x}}", "{{ }}", "{% for", "- a\n* b", "x" * 210_000, "…" * 400,
    "🏴\u202e",
)  # fmt: skip


@pytest.fixture(scope="module")
def eras(cluster: embedded.Cluster) -> dict[str, str]:
    return {era: make_source(cluster, era) for era in ERAS}


def without_ids(report: Report) -> Any:
    """Ids are given out even by what is rolled back."""
    return json.loads(re.sub(r"(?<=[a-z] )\d+", "#", json.dumps(report.as_data()["tables"], ensure_ascii=False)))


@pytest.mark.parametrize("era", ERAS)
def test_a_dry_run_writes_nothing_and_promises_what_the_run_then_does(
    conn: db.Connection, ada: User, eras: dict[str, str], era: str
) -> None:
    before = state(conn)
    promised = import_(eras[era], ada, is_dry_run=True)
    assert state(conn) == before
    done = import_(eras[era], ada)
    assert without_ids(promised) == without_ids(done)
    assert state(conn) != before


@pytest.mark.parametrize("era", ERAS)
def test_every_row_of_the_source_is_accounted_for(
    conn: db.Connection, ada: User, eras: dict[str, str], era: str
) -> None:
    report = import_(eras[era], ada)
    with psycopg.connect(eras[era]) as source:
        tables = source.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, name in tables:
            table = report.tables[name if schema == "public" else f"{schema}.{name}"]
            found = source.execute(composed.SQL("SELECT count(*) FROM {}").format(composed.Identifier(schema, name)))
            assert table.rows == found.fetchone()[0]  # type: ignore[index]
            assert table.is_accounted_for, name
    assert len(report.tables) == len(tables)
    assert all(entry.notes for table in report.tables.values() for entry in table.entries if entry.fate in (
        Fate.CHANGED, Fate.CONFLICT, Fate.LEFT_OUT))  # fmt: skip


@pytest.mark.parametrize("era", ERAS)
def test_an_import_that_runs_twice_is_an_import_that_ran_once(
    conn: db.Connection, ada: User, eras: dict[str, str], era: str
) -> None:
    first = import_(eras[era], ada)
    once = state(conn)
    second = import_(eras[era], ada)
    assert state(conn) == once
    for name, table in second.tables.items():
        assert table.is_accounted_for
        for entry, before in zip(table.entries, first.tables[name].entries, strict=True):
            settled = before.fate in (Fate.TAKEN, Fate.CHANGED)
            assert entry.fate is (Fate.UNCHANGED if settled else before.fate)


@pytest.mark.parametrize("era", ERAS)
def test_no_secret_of_the_source_is_read_or_told(
    conn: db.Connection, ada: User, eras: dict[str, str], era: str
) -> None:
    report = import_(eras[era], ada)
    assert "sekret" not in json.dumps(report.as_data()).replace("sekret-host", "")
    assert not re.search("sekret-(?!host)", json.dumps(state(conn)))


@pytest.mark.parametrize("era", ERAS)
@given(data=st.data())
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_is_missing_or_strange_every_row_is_accounted_for(
    conn: db.Connection, ada: User, eras: dict[str, str], era: str, data: st.DataObject
) -> None:
    """Tables and columns dropped and texts replaced, in a transaction of the source that is rolled back."""
    with psycopg.connect(eras[era], row_factory=dict_row) as source:
        tables = Source(source, "UTF8").tables
        columns = sorted((table, column) for table in tables if "." not in table for column in tables[table])
        gone = data.draw(st.sets(st.sampled_from(sorted({table for table, _ in columns})), max_size=2), label="tables")
        left = [place for place in columns if place[0] not in gone]
        dropped = data.draw(st.sets(st.sampled_from(left), max_size=4), label="columns")
        strange = data.draw(
            st.lists(st.tuples(st.sampled_from(left), st.sampled_from(WEIRD)), max_size=6), label="texts"
        )
        for table in gone:
            source.execute(composed.SQL("DROP TABLE {} CASCADE").format(composed.Identifier(table)))
        for table, column in dropped:
            source.execute(composed.SQL("ALTER TABLE {} DROP COLUMN {} CASCADE").format(
                composed.Identifier(table), composed.Identifier(column)))  # fmt: skip
        for (table, column), text in strange:
            if (table, column) not in dropped:
                _set(source, table, column, text)
        report = importer.run(
            Source(source, "UTF8"), actor=ada, name="blog", transaction=db.transaction, is_dry_run=True
        )
        source.rollback()
    assert [table.name for table in report.tables.values() if not table.is_accounted_for] == []


def _set(source: psycopg.Connection[Any], table: str, column: str, text: str | None) -> None:
    """As far as the column takes it."""
    try:
        with source.transaction():
            source.execute(composed.SQL("UPDATE {} SET {} = %s").format(
                composed.Identifier(table), composed.Identifier(column)), (text,))  # fmt: skip
    except psycopg.Error:
        pass


def test_a_database_of_something_else_is_refused(cluster: embedded.Cluster, conn: db.Connection, ada: User) -> None:
    url = make_source(cluster, "v1")
    change(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE orders (id int)")
    with pytest.raises(Invalid, match="no table of an original BlogForge"):
        import_(url, ada)
