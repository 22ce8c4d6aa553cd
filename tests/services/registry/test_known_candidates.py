"""Whom a process knows to ask is read once, and again after every change that could make a difference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.engine.types import Candidate
from blogforge_llm.errors import DomainError
from blogforge_llm.records.registry import Marks
from blogforge_llm.services.registry import candidates, encryption
from tests import factories

CHANGES = {
    "a provider": "UPDATE providers SET base_url = 'http://127.0.0.1:9/v1'",
    "its limit": "UPDATE providers SET requests_per_minute = 7",
    "its end": "UPDATE providers SET is_enabled = false",
    "a model": "UPDATE models SET context_window = 4096",
    "its own patience": "UPDATE models SET first_token_timeout_s = 3",
    "a price": (
        "INSERT INTO model_prices (model_id, valid_from, input_price) SELECT id, clock_timestamp(), 9 FROM models"
    ),
    "a price to come": (
        "INSERT INTO model_prices (model_id, valid_from, input_price) "
        "SELECT id, now() + interval '1 day', 9 FROM models"
    ),
    "the route's models": "DELETE FROM route_models WHERE position = 0",
    "the route's order": "UPDATE route_models SET position = -position",
    "the route": "UPDATE routes SET archived_at = now(), is_default = false",
    "a key taken out": "UPDATE provider_keys SET is_enabled = false WHERE position = 0",
    "a key's secret": "UPDATE provider_keys SET ciphertext = %(other)s",
    "the keys' order": "UPDATE provider_keys SET position = -position",
    "no key": "DELETE FROM provider_keys",
    "a key of one's own": (
        "INSERT INTO provider_keys (provider_id, user_id, name, ciphertext, hint, position) "
        "SELECT id, %(user_id)s, 'Own', %(other)s, 'mine', 0 FROM providers"
    ),
    "a setting": "INSERT INTO settings (key, value) VALUES ('first_token_timeout_s', '4')",
    "a budget": "INSERT INTO budgets (scope, period, amount) VALUES ('instance', 'month', 5)",
    "nothing left": "TRUNCATE route_models",
}


@pytest.fixture
def user_id(conn: db.Connection) -> int:
    """Somebody who may ask two models of a route, each with two keys."""
    encryption.configure("a secret of the tests only")
    user = factories.make_user(conn)
    provider_id = factories.make_provider(conn, kind="groq", base_url="https://api.example.org")
    conn.execute(
        "INSERT INTO provider_keys (provider_id, name, ciphertext, hint, position) VALUES (%s, 'B', %s, 'b', 1)",
        (provider_id, encryption.encrypt("second")),
    )
    factories.make_route(conn, model_ids=factories.make_models(conn, provider_id=provider_id, names=["a", "b"]))
    return user.id


def known(conn: db.Connection, user_id: int) -> list[Candidate] | str:
    try:
        return candidates.list_for(conn, user_id=user_id)
    except DomainError as error:
        return str(error)


def read_anew(conn: db.Connection, user_id: int) -> list[Candidate] | str:
    candidates._known.clear()
    return known(conn, user_id)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_known_at_once(conn: db.Connection, user_id: int, change: str) -> None:
    before = known(conn, user_id)
    assert before == known(conn, user_id) and len(before) == 4
    conn.execute(CHANGES[change], {"other": encryption.encrypt("other"), "user_id": user_id})
    after = known(conn, user_id)
    assert after != before
    assert after == read_anew(conn, user_id)


def test_without_a_change_only_the_marks_are_read(
    conn: db.Connection, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_anew(conn, user_id)
    asked: list[str] = []
    execute = conn.cursor_factory.execute

    def note(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        asked.append(str(query))
        return execute(self, query, *rest, **options)

    monkeypatch.setattr(conn.cursor_factory, "execute", note)
    conn.execute("UPDATE provider_keys SET last_used_at = now()")  # as every minute of calls does
    asked.clear()
    assert len(known(conn, user_id)) == 4
    (marks,) = asked
    assert "registry_marks" in marks


def test_a_change_between_the_marks_and_the_reading_is_read_again(conn: db.Connection, user_id: int) -> None:
    marks = Marks(**conn.execute("SELECT * FROM registry_marks").fetchone() or {})
    conn.execute(CHANGES["a model"])
    early = candidates.list_for(conn, user_id=user_id, marks=marks)
    conn.execute("UPDATE models SET context_window = 8192")
    assert [candidate.context_window for candidate in early] == [4096] * 4
    assert [candidate.context_window for candidate in candidates.list_for(conn, user_id=user_id)] == [8192] * 4


def test_circuits_and_what_providers_say_are_looked_at_every_time(conn: db.Connection, user_id: int) -> None:
    plain = candidates.list_for(conn, user_id=user_id)
    assert not any(candidate.is_held_back or candidate.has_notice for candidate in plain)
    first, second = plain[:2]
    conn.execute("INSERT INTO circuits (name, state) VALUES (%s, 'open')", (f"key:{first.key_id}",))
    conn.execute(
        "INSERT INTO limit_notices (name, unit, most, remaining, said_at, resets_at, refills) "
        "VALUES (%s, 'tokens', 10, 1, now(), clock_timestamp() + interval '1 minute', true)",
        (f"model:{second.model_id}@key:{second.key_id}",),
    )
    marked = candidates.list_for(conn, user_id=user_id)
    assert [candidate.is_held_back for candidate in marked] == [each.key_id == first.key_id for each in plain]
    assert [candidate.has_notice for candidate in marked] == [False, True, False, False]
    assert [replace(each, is_held_back=False, has_notice=False) for each in marked] == plain
    for undo in ("UPDATE circuits SET state = 'closed'", "UPDATE limit_notices SET resets_at = now()"):
        conn.execute(undo)
    assert candidates.list_for(conn, user_id=user_id) == plain


def test_few_marks_are_kept(conn: db.Connection, user_id: int) -> None:
    for window in range(1, 30):
        conn.execute("UPDATE models SET context_window = %s", (window,))
    kept = conn.execute("SELECT count(*) AS count FROM registry_changes").fetchone()
    assert kept is not None and kept["count"] <= 9
