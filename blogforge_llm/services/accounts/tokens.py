"""API tokens: a person's own, shown once, kept as SHA-256, revocable."""

from __future__ import annotations

import hashlib
import secrets

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound
from blogforge_llm.records.accounts import ApiToken, Permission, User
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit

_HINT_LENGTH = 9  # bf_ and six characters: enough to tell tokens apart, far too few to guess one

sql = db.load("accounts/tokens")


def create(conn: db.Connection, *, actor: User, name: str) -> tuple[ApiToken, str]:
    """A token for the actor's own programs, and its text, which cannot be had again."""
    permissions.require(actor, Permission.READ)
    name = texts.line(name, name="name", label="Name", max_length=100)
    text = "bf_" + secrets.token_urlsafe(32)
    row = sql.create_token(conn, user_id=actor.id, name=name, token_hash=_digest(text), hint=text[:_HINT_LENGTH])
    # Its name is its owner's alone: the log says that there is one.
    audit.record(conn, actor=actor, action="create", noun="token", noun_id=row["id"], detail="a token of their own")
    return ApiToken(**row), text


def find_user(conn: db.Connection, *, token: str) -> User | None:
    """The active user of a token that is not revoked; its use is noted at most once a minute."""
    row = sql.get_token_user(conn, token_hash=_digest(token))
    if row is None:
        return None
    if row.pop("is_touch_due"):
        sql.touch_token(conn, token_hash=_digest(token))
    return User(**row)


def list_(conn: db.Connection, *, actor: User, limit: int | None = None, offset: int = 0) -> list[ApiToken]:
    """The actor's own good ones, newest first."""
    return [ApiToken(**row) for row in sql.list_tokens(conn, user_id=actor.id, limit=limit, offset=offset)]


def count(conn: db.Connection, *, actor: User) -> int:
    number: int = sql.count_tokens(conn, user_id=actor.id)
    return number


def revoke(conn: db.Connection, *, actor: User, token_id: int, asked_with: str | None = None) -> ApiToken:
    """From now on nobody gets in with it. Raises NotFound for another's, too, and Conflict for the one that a program
    asks with: it would lock itself out."""
    if asked_with is not None and sql.get_token_id(conn, token_hash=_digest(asked_with)) == token_id:
        raise Conflict("You ask with this very token. Revoke it with another one, or under Account, API tokens.")
    row = sql.revoke_token(conn, token_id=token_id, user_id=actor.id)
    if row is None:
        raise NotFound("There is no such API token. It may have been revoked already.")
    audit.record(conn, actor=actor, action="revoke", noun="token", noun_id=token_id, detail="a token of their own")
    return ApiToken(**row)


def fingerprint(token: str) -> str:
    """A name for it that tells nothing: what is counted by token is counted under it."""
    return _digest(token)[:8].hex()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
