"""The first run: whoever has a link that `serve` printed may create the admin; nobody else can claim the instance."""

from __future__ import annotations

import hashlib
import secrets

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import Role, User
from blogforge_llm.services.accounts import users

sql = db.load("accounts/setup")


def make_link(conn: db.Connection) -> str:
    """The token of a new link, good until there is a user. Raises Conflict when there is one."""
    if users.count(conn):
        raise Conflict("The admin exists already. Log in instead.")
    token = secrets.token_urlsafe(24)
    sql.create_link(conn, token_hash=_digest(token))
    return token


def is_open(conn: db.Connection, *, token: str) -> bool:
    answer: bool = sql.is_open(conn, token_hash=_digest(token))
    return answer


def claim(conn: db.Connection, *, token: str, name: str, email: str, password: str, repeated: str) -> User:
    """Create the admin and void all links. Raises NotFound for a link that is not, or no longer, good."""
    list(sql.lock_setup(conn))
    if not is_open(conn, token=token):
        raise NotFound("This set-up link is no longer good: the admin exists, or the link was not copied whole.")
    if password != repeated:
        raise Invalid.field("repeated", "The two passwords differ. Type the same one twice.")
    user = users.add(conn, email=email, name=name, role=Role.ADMIN, password=password)
    sql.delete_links(conn)
    sql.record_first_login(conn, user_id=user.id)
    return user


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
