"""A repeated POST with the same key does nothing twice. Keys are one user's own and live for a day."""

from __future__ import annotations

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.idempotency import KeptAnswer

sql = db.load("accounts/idempotency")


def claim(conn: db.Connection, *, user_id: int, key: str, request: bytes) -> KeptAnswer | None:
    """None when the key is now ours; else the first answer. Raises Conflict while that is not there yet."""
    if len(key) > 200:
        raise Invalid("An Idempotency-Key has at most 200 characters.")
    if sql.claim_key(conn, user_id=user_id, key=key, request=request) is not None:
        return None
    row = sql.get_key(conn, user_id=user_id, key=key)
    if row is None or row["status"] is None:
        raise Conflict("The first request with this Idempotency-Key is still being worked on. Try again in a moment.")
    if bytes(row["request"]) != request:
        raise Invalid("This Idempotency-Key was used with another request. Use a new key.")
    return KeptAnswer(row["status"], row["headers"], row["body"])


def keep(conn: db.Connection, *, user_id: int, key: str, status: int, headers: dict[str, str], body: str) -> None:
    sql.keep_answer(conn, user_id=user_id, key=key, status=status, headers=Jsonb(headers), body=body)


def release(conn: db.Connection, *, user_id: int, key: str) -> None:
    sql.delete_key(conn, user_id=user_id, key=key)


def forget_old(conn: db.Connection) -> int:
    count: int = sql.delete_old_keys(conn)
    return count
