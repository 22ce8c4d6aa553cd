"""Sessions of browsers: rows, found by the SHA-256 of the cookie's value, so that a stolen table opens nothing."""

from __future__ import annotations

import hashlib
import secrets

from blogforge_llm import db
from blogforge_llm.records.accounts import User

LIFETIME_S = 14 * 24 * 3600  # sliding: counted from the last use

sql = db.load("accounts/sessions")


def create(conn: db.Connection, *, user_id: int) -> str:
    """A new session; the token for its cookie, which is not kept anywhere."""
    token = secrets.token_urlsafe(32)
    sql.create_session(conn, token_hash=_digest(token), user_id=user_id, lifetime_s=LIFETIME_S)
    return token


def find(conn: db.Connection, *, token: str) -> User | None:
    """The active user of a living session; its use is noted at most once a minute."""
    row = sql.get_session_user(conn, token_hash=_digest(token))
    if row is None:
        return None
    if row.pop("is_touch_due"):
        sql.touch_session(conn, token_hash=_digest(token), lifetime_s=LIFETIME_S)
    return User(**row)


def end(conn: db.Connection, *, token: str) -> None:
    sql.delete_session(conn, token_hash=_digest(token))


def end_all(conn: db.Connection, *, user_id: int, except_token: str | None = None) -> int:
    """End every session of a user but the one of `except_token`; how many that were."""
    spared = None if except_token is None else _digest(except_token)
    count: int = sql.delete_user_sessions(conn, user_id=user_id, except_token_hash=spared)
    return count


def forget_old(conn: db.Connection) -> int:
    """Upkeep: delete what has expired."""
    count: int = sql.delete_expired_sessions(conn)
    return count


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
