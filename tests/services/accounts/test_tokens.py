from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import tokens, users


def test_a_token_leads_to_its_user_and_only_its_hash_is_kept(conn: db.Connection, charlie: User) -> None:
    token, text = tokens.create(conn, actor=charlie, name=" nightly\nimport ")
    assert text.startswith("bf_") and len(text) == 46
    assert token.name == "nightly import" and text.startswith(token.hint) and len(token.hint) == 9
    found = tokens.find_user(conn, token=text)
    assert found is not None and found.id == charlie.id
    row = conn.execute("SELECT t::text AS everything FROM api_tokens t").fetchone()
    assert row is not None and text not in row["everything"]


def test_use_is_noted_at_most_once_a_minute(conn: db.Connection, alice: User) -> None:
    _, text = tokens.create(conn, actor=alice, name="x")
    assert tokens.list_(conn, actor=alice)[0].last_used_at is None
    tokens.find_user(conn, token=text)
    first = tokens.list_(conn, actor=alice)[0].last_used_at
    assert first is not None
    for age, is_moved in (("59 s", False), ("61 s", True)):
        conn.execute("UPDATE api_tokens SET last_used_at = now() - %s::interval", (age,))
        tokens.find_user(conn, token=text)
        assert (tokens.list_(conn, actor=alice)[0].last_used_at == first) is is_moved


def test_a_revoked_token_opens_nothing(conn: db.Connection, alice: User) -> None:
    token, text = tokens.create(conn, actor=alice, name="x")
    assert tokens.revoke(conn, actor=alice, token_id=token.id).revoked_at is not None
    assert tokens.find_user(conn, token=text) is None
    assert tokens.list_(conn, actor=alice) == [] and tokens.count(conn, actor=alice) == 0
    with pytest.raises(NotFound):
        tokens.revoke(conn, actor=alice, token_id=token.id)


def test_a_colleagues_token_does_not_exist_for_others(conn: db.Connection, ada: User, alice: User, bob: User) -> None:
    token, text = tokens.create(conn, actor=alice, name="x")
    for stranger in (ada, bob):
        assert tokens.list_(conn, actor=stranger) == []
        with pytest.raises(NotFound):
            tokens.revoke(conn, actor=stranger, token_id=token.id)
    assert tokens.find_user(conn, token=text) is not None


def test_the_tokens_of_a_deactivated_user_are_refused(conn: db.Connection, ada: User, alice: User) -> None:
    _, text = tokens.create(conn, actor=alice, name="x")
    users.update(conn, actor=ada, user_id=alice.id, is_active=False)
    assert tokens.find_user(conn, token=text) is None


@pytest.mark.parametrize("name", ["", "  \n ", "x" * 101, "NUL \x00", "half \ud800"])
def test_a_name_that_cannot_be_kept_is_refused(conn: db.Connection, alice: User, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        tokens.create(conn, actor=alice, name=name)
    assert set(caught.value.errors) == {"name"}


def test_nonsense_is_nobodys_token(conn: db.Connection) -> None:
    for text in ("", "bf_", "\x00", "\udc80", "x" * 100_000):
        assert tokens.find_user(conn, token=text) is None
