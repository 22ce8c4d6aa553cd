from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import sessions, users


def test_a_session_leads_to_its_user(conn: db.Connection, alice: User) -> None:
    token = sessions.create(conn, user_id=alice.id)
    found = sessions.find(conn, token=token)
    assert found is not None and found.email == alice.email and found.role == "editor"


def test_the_cookies_value_is_not_in_the_table(conn: db.Connection, alice: User) -> None:
    token = sessions.create(conn, user_id=alice.id)
    row = conn.execute("SELECT token_hash FROM sessions").fetchone()
    assert row is not None and token.encode() not in row["token_hash"] and len(row["token_hash"]) == 32


def test_an_expired_session_leads_to_nobody(conn: db.Connection, alice: User) -> None:
    token = sessions.create(conn, user_id=alice.id)
    conn.execute("UPDATE sessions SET expires_at = now()")
    assert sessions.find(conn, token=token) is None
    assert sessions.forget_old(conn) == 1


def test_use_moves_the_end_but_is_written_once_a_minute(conn: db.Connection, alice: User) -> None:
    token = sessions.create(conn, user_id=alice.id)
    conn.execute("UPDATE sessions SET expires_at = now() + interval '1 hour', last_used_at = now() - interval '59 s'")
    sessions.find(conn, token=token)
    assert _hours_left(conn) == 1
    conn.execute("UPDATE sessions SET last_used_at = now() - interval '61 s'")
    sessions.find(conn, token=token)
    assert _hours_left(conn) == 14 * 24


def test_ending_all_spares_the_one_that_asks(conn: db.Connection, alice: User, bob: User) -> None:
    mine, other, bobs = (sessions.create(conn, user_id=user.id) for user in (alice, alice, bob))
    assert sessions.end_all(conn, user_id=alice.id, except_token=mine) == 1
    assert sessions.find(conn, token=mine) and sessions.find(conn, token=bobs)
    assert sessions.find(conn, token=other) is None
    sessions.end(conn, token=mine)
    assert sessions.find(conn, token=mine) is None


def test_a_deactivated_user_is_logged_out_at_once(conn: db.Connection, ada: User, alice: User) -> None:
    token = sessions.create(conn, user_id=alice.id)
    users.update(conn, actor=ada, user_id=alice.id, is_active=False)
    assert sessions.find(conn, token=token) is None
    users.update(conn, actor=ada, user_id=alice.id, is_active=True)
    assert sessions.find(conn, token=token) is None


def test_nonsense_in_the_cookie_is_nobody(conn: db.Connection) -> None:
    for token in ("", "\x00", "\udc80", "x" * 100_000, "' OR 1=1"):
        assert sessions.find(conn, token=token) is None


def _hours_left(conn: db.Connection) -> int:
    row = conn.execute("SELECT round(extract(epoch FROM expires_at - now()) / 3600) AS hours FROM sessions").fetchone()
    assert row is not None
    return int(row["hours"])
