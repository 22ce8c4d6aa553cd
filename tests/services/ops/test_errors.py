"""Errors nobody foresaw: grouped, bounded, without secrets, and never in the way of what failed."""

from __future__ import annotations

import psycopg
import pytest

from blogforge_llm import db, tracing
from blogforge_llm.errors import Forbidden, TooMany
from blogforge_llm.records.accounts import User
from blogforge_llm.records.ops import ErrorGroup, ErrorSource, ErrorState
from blogforge_llm.services.ops import errors


def fail(words: str, kind: type[Exception] = KeyError) -> Exception:
    try:
        raise kind(words)
    except Exception as error:
        return error


def report(actor: User, *, place: str = "/static/js/live.js:3", address: str = "192.0.2.1") -> None:
    errors.report(
        source=ErrorSource.BROWSER, kind="TypeError", place=place, message="x is undefined", trace="at live.js",
        path="/posts", address=address, actor=actor,
    )  # fmt: skip


def only(conn: db.Connection, actor: User, state: ErrorState = ErrorState.OPEN) -> ErrorGroup:
    (group,) = errors.list_(conn, actor=actor, state=state)
    return group


def test_the_same_error_is_one_group_and_another_type_another(conn: db.Connection, ada: User) -> None:
    for words in ("a", "b"):
        errors.note(fail(words), source=ErrorSource.WEB)
    errors.note(fail("c", ValueError), source=ErrorSource.WEB)
    found = {group.kind: group for group in errors.list_(conn, actor=ada)}
    assert {kind: group.occurrences for kind, group in found.items()} == {"KeyError": 2, "ValueError": 1}
    assert found["KeyError"].message == "'b'"


def test_a_group_keeps_its_newest_samples_only(conn: db.Connection, ada: User) -> None:
    for number in range(errors.SAMPLES_KEPT + 3):
        errors.note(fail(f"number {number}"), source=ErrorSource.JOB)
    group = only(conn, ada)
    samples = errors.list_samples(conn, actor=ada, group_id=group.id)
    assert (group.occurrences, len(samples)) == (errors.SAMPLES_KEPT + 3, errors.SAMPLES_KEPT)
    assert samples[0].message == f"'number {errors.SAMPLES_KEPT + 2}'"


def test_a_request_is_found_by_its_id(conn: db.Connection, ada: User) -> None:
    request_id = tracing.begin("of-this-test")
    errors.note(fail("x"), source=ErrorSource.API, method="GET", path="/api/v1/posts", user_id=ada.id)
    assert errors.find_by_request(conn, actor=ada, request_id=f" {request_id} ") == only(conn, ada).id
    assert errors.find_by_request(conn, actor=ada, request_id="another") is None


def test_secrets_and_quoted_rows_stay_out(conn: db.Connection, ada: User) -> None:
    words = " ".join(["words", "of", "a", "prompt"])
    with pytest.raises(psycopg.Error) as caught, conn.transaction():
        conn.execute("INSERT INTO settings (key, value) VALUES (%s, NULL)", (words,))
    errors.note(caught.value, source=ErrorSource.WEB)
    errors.note(fail("refused: Bearer abcdef0123456789 and sk-abcdef0123456789"), source=ErrorSource.WEB)
    kept = str(conn.execute("SELECT message, trace FROM error_samples").fetchall())
    assert words not in kept
    assert "abcdef0123456789" not in kept


def test_a_resolved_error_opens_again_and_a_muted_one_does_not(conn: db.Connection, ada: User) -> None:
    failed = fail("x")
    errors.note(failed, source=ErrorSource.WEB)
    group_id = only(conn, ada).id
    errors.set_state(conn, actor=ada, group_id=group_id, state=ErrorState.RESOLVED)
    assert errors.list_(conn, actor=ada) == []
    errors.note(failed, source=ErrorSource.WEB)
    assert only(conn, ada).id == group_id
    errors.set_state(conn, actor=ada, group_id=group_id, state=ErrorState.MUTED)
    errors.note(failed, source=ErrorSource.WEB)
    assert only(conn, ada, ErrorState.MUTED).occurrences == 3


def test_noting_never_raises(conn: db.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "_pool", None)
    errors.note(fail("x"), source=ErrorSource.WEB)


def test_one_address_may_report_only_so_often(conn: db.Connection, ada: User) -> None:
    for _ in range(errors.REPORTS_PER_ADDRESS):
        report(ada)
    with pytest.raises(TooMany):
        report(ada)
    report(ada, address="192.0.2.2")
    assert only(conn, ada).occurrences == errors.REPORTS_PER_ADDRESS + 1


def test_what_browsers_invent_cannot_fill_the_table(
    conn: db.Connection, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "GROUPS_REPORTED", 2)
    for number in range(4):
        report(ada, place=f"/static/js/{number}.js:1")
    report(ada, place="/static/js/0.js:1")
    found = errors.list_(conn, actor=ada)
    assert sorted(group.occurrences for group in found) == [1, 2]


def test_only_admins_look(conn: db.Connection, alice: User) -> None:
    with pytest.raises(Forbidden):
        errors.list_(conn, actor=alice)
    with pytest.raises(Forbidden):
        errors.find_by_request(conn, actor=alice, request_id="x")
