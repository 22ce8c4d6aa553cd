"""Whom a process knows to ask is read once, and again after every change that could make a difference."""

from __future__ import annotations

from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.engine import addresses, limits
from blogforge_llm.engine.types import Candidate
from blogforge_llm.errors import DomainError, Invalid
from blogforge_llm.services.registry import candidates, encryption
from tests import factories
from tests.installation import wait_until

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


def test_without_a_change_only_the_mark_is_read(
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
    (mark,) = asked
    assert "registry_changes" in mark


def test_a_change_between_the_mark_and_the_reading_is_read_again(conn: db.Connection, user_id: int) -> None:
    mark = candidates.get_mark(conn)
    conn.execute(CHANGES["a model"])
    early = candidates.list_for(conn, user_id=user_id, mark=mark)
    conn.execute("UPDATE models SET context_window = 8192")
    assert [candidate.context_window for candidate in early] == [4096] * 4
    assert [candidate.context_window for candidate in candidates.list_for(conn, user_id=user_id)] == [8192] * 4


def test_circuits_are_no_older(conn: db.Connection, user_id: int) -> None:
    first = candidates.list_for(conn, user_id=user_id)[0]
    steps = {
        "INSERT INTO circuits (name, state) VALUES ('key:{}', 'closed')": False,
        "UPDATE circuits SET state = 'open' WHERE name = 'key:{}'": True,
        "UPDATE circuits SET state = 'half_open' WHERE name = 'key:{}'": True,
        "UPDATE circuits SET state = 'closed' WHERE name = 'key:{}'": False,
        "INSERT INTO circuits (name, state) VALUES ('model:{}', 'open')": True,
        "DELETE FROM circuits WHERE name = 'model:{}'": False,
    }
    for step, is_held_back in steps.items():
        conn.execute(step.format(first.model_id if "model" in step else first.key_id))
        assert candidates.list_for(conn, user_id=user_id)[0].is_held_back is is_held_back, step


def test_what_a_provider_says_is_no_older_and_lapses(conn: db.Connection, user_id: int) -> None:
    first = candidates.list_for(conn, user_id=user_id)[0]
    said = {"name": limits.model(first), "unit": "tokens", "most": 10, "remaining": 1, "refills": True}
    for _ in range(2):  # said, lapsed, and said again
        assert not candidates.list_for(conn, user_id=user_id)[0].has_notice
        limits.sql.keep_notice(conn, resets_in_s=0.2, **said)
        assert candidates.list_for(conn, user_id=user_id)[0].has_notice
        wait_until(lambda: not candidates.list_for(conn, user_id=user_id)[0].has_notice, timeout=10)


def test_few_marks_are_kept(conn: db.Connection, user_id: int) -> None:
    for window in range(1, 30):
        conn.execute("UPDATE models SET context_window = %s", (window,))
    kept = conn.execute("SELECT count(*) AS count FROM registry_changes").fetchone()
    assert kept is not None and kept["count"] <= 9


def test_the_policy_for_addresses_is_followed_every_time(conn: db.Connection, user_id: int) -> None:
    conn.execute("INSERT INTO settings (key, value) VALUES ('forbid_private_addresses', 'true')")
    try:
        for _ in range(2):  # read, and known
            addresses.configure(private_allowed=True)  # by a change that was then taken back
            candidates.list_for(conn, user_id=user_id)
            with pytest.raises(Invalid):
                addresses.check("http://127.0.0.1:11434")
    finally:
        addresses.configure(private_allowed=True)
