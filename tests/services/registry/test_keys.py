"""Keys: encrypted, never returned, shared ones by admins, personal ones by and for one person."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Provider
from blogforge_llm.services.registry import encryption, keys, providers

SECRET = "gsk_abcdefghijklmnopWXYZ"


@pytest.fixture
def groq(conn: db.Connection, ada: User) -> Provider:
    return providers.create(conn, actor=ada, name="Groq", kind="groq")


def test_a_key_is_stored_encrypted_and_shown_by_its_last_four_characters(
    conn: db.Connection, ada: User, groq: Provider
) -> None:
    key = keys.create(conn, actor=ada, provider_id=groq.id, api_key=f" {SECRET}\n")
    assert key.hint == "WXYZ"
    assert SECRET not in repr(key)
    row = conn.execute("SELECT ciphertext FROM provider_keys WHERE id = %s", (key.id,)).fetchone()
    assert row is not None
    assert SECRET.encode() not in row["ciphertext"]
    assert encryption.decrypt(row["ciphertext"]) == SECRET


def test_another_secret_key_cannot_read_it_and_says_why(conn: db.Connection) -> None:
    ciphertext = encryption.encrypt(SECRET)
    encryption.configure("quite another secret key")
    with pytest.raises(Invalid, match="the secret key has changed"):
        encryption.decrypt(ciphertext)


def test_a_short_key_gives_no_hint() -> None:
    assert keys.hint("short") == ""


@pytest.mark.parametrize("secret", ["", "   ", "with space", "line\nbreak", "nul\x00", "ключ", "x" * 1001])
def test_what_cannot_be_a_key_is_refused(conn: db.Connection, ada: User, groq: Provider, secret: str) -> None:
    with pytest.raises(Invalid) as refused:
        keys.create(conn, actor=ada, provider_id=groq.id, api_key=secret)
    assert refused.value.errors.keys() == {"api_key"}
    assert secret.strip() == "" or secret not in str(refused.value)


def test_shared_keys_are_for_admins_alone(conn: db.Connection, ada: User, alice: User, groq: Provider) -> None:
    with pytest.raises(Forbidden):
        keys.create(conn, actor=alice, provider_id=groq.id, api_key=SECRET)
    shared = keys.create(conn, actor=ada, provider_id=groq.id, api_key=SECRET)
    with pytest.raises(Forbidden):
        keys.get(conn, actor=alice, key_id=shared.id)
    with pytest.raises(Forbidden):
        keys.delete(conn, actor=alice, key_id=shared.id)
    with pytest.raises(Forbidden):
        keys.list_of_provider(conn, actor=alice, provider_id=groq.id)
    assert keys.list_visible(conn, actor=alice) == []


def test_personal_keys_are_there_for_nobody_else(
    conn: db.Connection, ada: User, alice: User, bob: User, groq: Provider
) -> None:
    key = keys.create(conn, actor=alice, provider_id=groq.id, api_key=SECRET, is_personal=True)
    assert [found.id for found in keys.list_visible(conn, actor=alice)] == [key.id]
    for other in (bob, ada):
        assert keys.list_visible(conn, actor=other) == []
        for refuse in (keys.get, keys.update, keys.delete):
            with pytest.raises(NotFound):
                refuse(conn, actor=other, key_id=key.id)
    keys.delete(conn, actor=alice, key_id=key.id)
    assert keys.count_visible(conn, actor=alice) == 0


def test_a_new_secret_replaces_the_old_one(conn: db.Connection, ada: User, groq: Provider) -> None:
    key = keys.create(conn, actor=ada, provider_id=groq.id, api_key=SECRET, name="Team")
    changed = keys.update(conn, actor=ada, key_id=key.id, api_key="gsk_another_one_1234", is_enabled=False)
    assert (changed.name, changed.hint, changed.is_enabled) == ("Team", "1234", False)


def test_a_key_for_a_provider_that_is_not_there_is_refused(conn: db.Connection, ada: User) -> None:
    with pytest.raises(NotFound):
        keys.create(conn, actor=ada, provider_id=2**62, api_key=SECRET)
