"""Databases nobody has seen before: other schemas, types, encodings and rights, rows that share an id."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from blogforge_llm import db, embedded
from blogforge_llm.errors import Invalid, Unavailable
from blogforge_llm.records.accounts import User
from blogforge_llm.records.legacy import Fate, Report
from blogforge_llm.services.legacy import importer, rows, source
from blogforge_llm.services.prompts import templates
from tests.conftest import new_database
from tests.services.legacy.sources import change, fate, import_, make_source, noted
from tests.services.legacy.test_mapping import post_of, section_texts, texts_of


@pytest.fixture
def empty(cluster: embedded.Cluster) -> str:
    return new_database(cluster)


def is_whole(report: Report) -> bool:
    return all(table.is_accounted_for for table in report.tables.values())


def database(cluster: embedded.Cluster, name: str, encoding: str) -> str:
    admin = cluster.url.replace("/blogforge?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")  # type: ignore[arg-type]
    return cluster.url.replace("/blogforge?", f"/{name}?")


def test_the_schema_that_has_the_tables_is_read_and_a_copy_beside_it_is_not(
    conn: db.Connection, ada: User, empty: str
) -> None:
    change(
        empty,
        """
        CREATE SCHEMA backup; CREATE SCHEMA blog; CREATE TABLE public.orders (id int); INSERT INTO orders VALUES (1);
        CREATE TABLE blog.post (id int, title text, slug text); INSERT INTO blog.post VALUES (1, 'Now', 'now');
        CREATE TABLE blog.llm_prompt (id int, name text, prompt_text text);
        CREATE TABLE backup.post (id int, title text, slug text); INSERT INTO backup.post VALUES
            (1, 'Before', 'before');
        CREATE TABLE backup.post_development (id int, post_id int, basic_idea text);
        INSERT INTO backup.post_development VALUES (1, 1, 'An idea of before');
        CREATE TABLE backup.llm_prompt (id int); CREATE SCHEMA a_copy; CREATE TABLE a_copy.post (id int)
        """,
    )
    change(empty, "CREATE TABLE blog.llm_action (id int); CREATE TABLE blog.llm_model (id int)")
    report = import_(empty, ada)
    assert texts_of(conn, "now") == {"main_title": "Now"}
    assert "options=-csearch_path=backup" in str(report.tables["backup.post"].reason)
    assert {name for name in report.tables if "." in name} >= {
        "backup.post_development",
        "public.orders",
        "a_copy.post",
    }
    assert is_whole(report) and sum(table.rows for table in report.tables.values()) == 4
    import_(f"{empty}&options=-csearch_path%3Dbackup", ada, name="backup")
    assert texts_of(conn, "before")["basic_idea"] == "An idea of before"


def test_a_table_of_ours_that_may_not_be_read_stops_the_import_and_another_is_told(
    cluster: embedded.Cluster, conn: db.Connection, ada: User, empty: str
) -> None:
    change(
        empty,
        """
        CREATE TABLE post (id int, title text, slug text); INSERT INTO post VALUES (1, 'Now', 'now');
        CREATE TABLE llm_prompt (id int, name text); CREATE TABLE credentials (id int);
        CREATE ROLE reader LOGIN PASSWORD 'r';
        GRANT SELECT ON post TO reader
        """,
    )
    password = psycopg.conninfo.conninfo_to_dict(empty)["password"]
    url = empty.replace(f"//blogforge:{password}@", "//reader:r@")
    try:
        with pytest.raises(Invalid, match=r"The table llm_prompt cannot be read\. GRANT SELECT"):
            import_(url, ada)
        change(empty, "GRANT SELECT ON llm_prompt TO reader")
        report = import_(url, ada)
        assert fate(report, "post", 1) is Fate.TAKEN
        assert not report.tables["credentials"].is_accounted_for
        assert "GRANT SELECT" in str(report.tables["credentials"].reason)
        with source.opened(empty) as (_, opened), pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            opened._conn.execute("DELETE FROM post")
    finally:
        change(empty, "DROP OWNED BY reader; DROP ROLE reader")


def test_of_rows_that_share_an_id_the_first_is_taken_and_the_others_are_told(
    conn: db.Connection, ada: User, empty: str
) -> None:
    change(
        empty,
        """
        CREATE TABLE post (id int, title text, slug text); INSERT INTO post VALUES (1, 'A', 'a'),
            (1, 'B', 'b'), (NULL, 'C', 'c');
        CREATE TABLE post_section (id int, post_id int, section_heading text);
        INSERT INTO post_section VALUES (7, 1, 'One'), (7, 1, 'Two'), (8, NULL, 'None'),
            (NULL, 1, 'Nameless'), (NULL, 1, 'Nameless');
        CREATE TABLE llm_action_history (input_text text, output_text text);
        INSERT INTO llm_action_history VALUES ('x', 'y'), ('x', 'y'), ('x', 'z')
        """,
    )
    for _ in range(2):
        report = import_(empty, ada)
        assert is_whole(report)
        assert report.tables["post"].fates[Fate.CONFLICT] == 1
        assert report.tables["post_section"].fates[Fate.CONFLICT] == 2
        assert report.tables["llm_action_history"].fates[Fate.CONFLICT] == 1
    assert [row["slug"] for row in conn.execute("SELECT slug FROM posts ORDER BY 1")] == ["a", "c"]


def test_columns_of_other_types_are_read_as_what_they_say(conn: db.Connection, ada: User, empty: str) -> None:
    change(
        empty,
        """
        CREATE TABLE post (id uuid, title json, slug char(20), deleted text, created_at text, updated_at date);
        INSERT INTO post VALUES
            ('0000000a-0000-0000-0000-000000000000', '"Quoted"', 'quoted', 'f', '2025-04-01 10:00', '2025-04-02'),
            ('0000000b-0000-0000-0000-000000000000', '{"a": 1}', 'object', 'yes', 'last week', NULL);
        CREATE TABLE post_development (id text, post_id text, idea_scope text[],
            interesting_facts jsonb, tags int[], basic_idea bytea);
        INSERT INTO post_development VALUES
            ('x', '0000000a-0000-0000-0000-000000000000', '{one,"two, three"}', '["f"]', '{1,2}', 'ab');
        CREATE TABLE post_section (id char(4), post_id char(40), section_order text, section_heading int);
        INSERT INTO post_section VALUES ('s', '0000000a-0000-0000-0000-000000000000', 'first', 12);
        CREATE TABLE llm_prompt (id numeric, name int, prompt_json text);
        INSERT INTO llm_prompt VALUES (1.5, 7, '[{"type": "user", "content": "Say {{basic_idea}}."}]')
        """,
    )
    report = import_(empty, ada)
    assert is_whole(report)
    found = texts_of(conn, "quoted")
    assert (found["idea_scope"], found["interesting_facts"], found["tags"]) == ("one\ntwo, three", "f", "1\n2")
    assert section_texts(conn, post_of(conn, "quoted"), 0)["section_heading"] == "12"
    assert "“last week” is no time" in noted(report, "post", "0000000b-0000-0000-0000-000000000000")
    assert [template.name for template in templates.list_(conn)] == ["7"]


def test_json_that_is_too_deep_or_counts_too_far_stops_nothing(conn: db.Connection, ada: User, empty: str) -> None:
    change(
        empty,
        f"""
        CREATE TABLE post (id int, title text, slug text, llm_metadata json, seo_metadata json);
        INSERT INTO post VALUES (1, 'A', 'a', '{"[" * 3000}{"]" * 3000}', '{"9" * 6000}'),
            (2, 'B', 'b', '{'{"a":' * 200}"x"{"}" * 200}', '{{"k": "\\ud800 \\u0000", "api_key": "sekret"}}');
        CREATE TABLE post_development (id int, post_id int, idea_scope text);
        INSERT INTO post_development VALUES (1, 1, '{"[" * 30000}'), (2, 2, '{"[" * 2000}{"]" * 2000}')
        """,
    )
    report = import_(empty, ada)
    assert is_whole(report)
    assert "nested deeper" in str(rows.sql.get_original(conn, source="blog", table_name="post", row_id="1"))
    assert "sekret" not in str(rows.sql.get_original(conn, source="blog", table_name="post", row_id="2"))


def test_texts_of_megabytes_are_conflicts_and_stay_with_the_record(conn: db.Connection, ada: User, empty: str) -> None:
    change(
        empty,
        """
        CREATE TABLE post (id int, title text, slug text); INSERT INTO post VALUES
            (1, repeat('t', 100000), repeat('s', 100000));
        CREATE TABLE post_development (id int, post_id int, basic_idea text, idea_scope text,
            intro_blurb text, tags text);
        INSERT INTO post_development VALUES (1, 1, repeat('word ', 2000000), repeat('- x' || chr(10), 1000000),
            repeat('<p>a<!-- < ', 300000), '{' || repeat('"a",', 500000));
        CREATE TABLE post_section (id int, post_id int, ideas_to_include json, first_draft text);
        INSERT INTO post_section SELECT 1, 1, json_agg('idea ' || n), 'A draft.' FROM generate_series(1, 2001) n;
        CREATE TABLE llm_prompt (id int, name text, prompt_text text);
        INSERT INTO llm_prompt VALUES (1, repeat('n', 5000), repeat('{{ ', 200000)),
            (2, 'x', repeat('"a password ', 200000))
        """,
    )
    report = import_(empty, ada)
    assert fate(report, "post_development", 1) is fate(report, "llm_prompt", 1) is Fate.CONFLICT
    assert (
        is_whole(report)
        and max(len(note) for table in report.tables.values() for e in table.entries for note in e.notes) <= 500
    )
    (post_id,) = [row["id"] for row in conn.execute("SELECT id FROM posts")]
    assert section_texts(conn, post_id, 0) == {"section_draft": "A draft."}
    assert "at most 2,000 ideas and facts" in noted(report, "post_section", 1)
    original: dict[str, Any] = rows.sql.get_original(conn, source="blog", table_name="post_development", row_id="1")
    assert len(original["basic_idea"]) == 10_000_000


def test_names_and_texts_of_any_bytes_are_read(cluster: embedded.Cluster, conn: db.Connection, ada: User) -> None:
    url = database(cluster, "raw_names", "SQL_ASCII")
    with psycopg.connect(url, autocommit=True) as raw:
        raw.execute(
            b'CREATE TABLE post (id int, title text, slug text, "caf\xe9" text, "th\xc3\xa9" text);'
            b"INSERT INTO post VALUES (1, E'Quaich \\x96 a cup, th\\xc3\\xa9', 'a', 'x', NULL), "
            b"(2, E'Caf\\xc3\\xa9', 'b', NULL, 'y');"
            b'CREATE TABLE "caf\xe9s" (id int); INSERT INTO "caf\xe9s" VALUES (1)'
        )
    report = import_(url, ada)
    assert [row["title"] for row in conn.execute("SELECT title FROM posts ORDER BY slug")] == [
        "Quaich – a cup, thé",
        "Café",
    ]
    assert "Windows-1252" in noted(report, "post", 1) and "no place here for café" in noted(report, "post", 1)
    assert "Windows-1252" not in noted(report, "post", 2)
    assert report.tables["cafés"].rows == 1 and is_whole(report)


def test_a_database_of_another_encoding_is_read_whatever_the_client_asks(
    cluster: embedded.Cluster, conn: db.Connection, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database(cluster, "latin", "LATIN1")
    change(
        url, "CREATE TABLE post (id int, title text, slug text); INSERT INTO post VALUES (1, 'Caf' || chr(233), 'a')"
    )
    monkeypatch.setenv("PGCLIENTENCODING", "SQL_ASCII")
    assert fate(import_(f"{url}&client_encoding=latin1", ada), "post", 1) is Fate.TAKEN
    assert texts_of(conn, "a") == {"main_title": "Café"}


def test_who_reads_and_where_changes_nothing(
    conn: db.Connection, ada: User, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(
        empty,
        "CREATE TABLE post (id int, title text, slug text, created_at timestamptz, weight float8); "
        "INSERT INTO post VALUES (1, 'A', 'a', '2025-04-01 10:00+00', 0.1)",
    )
    import_(empty, ada)
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    monkeypatch.setenv("PGDATESTYLE", "German")
    assert fate(import_(f"{empty}&options=-cextra_float_digits%3D-3", ada), "post", 1) is Fate.UNCHANGED


def test_rows_of_partitions_are_rows_of_their_table(conn: db.Connection, ada: User, empty: str) -> None:
    change(
        empty,
        """
        CREATE TABLE post (id int, title text, slug text) PARTITION BY RANGE (id);
        CREATE TABLE post_low PARTITION OF post FOR VALUES FROM (0) TO (10);
        CREATE TABLE post_high PARTITION OF post FOR VALUES FROM (10) TO (20);
        INSERT INTO post VALUES (1, 'A', 'a'), (11, 'B', 'b')
        """,
    )
    report = import_(empty, ada)
    assert {name: table.rows for name, table in report.tables.items()} == {"post": 2} and is_whole(report)


def test_a_source_that_goes_away_is_told_and_the_next_import_goes_on(
    conn: db.Connection, ada: User, cluster: embedded.Cluster
) -> None:
    url = make_source(cluster, "v0")
    with source.opened(url) as (_, opened):
        pid = opened._conn.info.backend_pid
        with psycopg.connect(cluster.url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(Unavailable, match="source database cannot be read on"):
            importer.run(opened, actor=ada, name="blog", transaction=db.transaction)
    assert is_whole(import_(url, ada))


def test_a_field_that_the_workflow_here_no_longer_has_costs_its_text_alone(
    conn: db.Connection, ada: User, cluster: embedded.Cluster
) -> None:
    conn.execute("DELETE FROM fields WHERE key IN ('section_notes', 'interesting_facts', 'idea_seed')")
    report = import_(make_source(cluster, "v0"), ada)
    assert "interesting_facts: there is no field “interesting_facts” here" in noted(report, "post_development", 2)
    assert texts_of(conn, "story-telling")["idea_scope"] == "Tellers\nListeners\nThe fire"
    assert "highlighting: there is no field “section_notes” here" in noted(report, "post_section", 1)
    assert section_texts(conn, post_of(conn, "story-telling"), 1)["section_heading"] == "The hearth"
    assert is_whole(report)
