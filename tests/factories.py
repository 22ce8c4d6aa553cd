"""Rows for tests, made through the services people use, with defaults that make sense."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from blogforge_llm import db
from blogforge_llm.records.accounts import Role, User

_numbers = itertools.count(1)


def make_user(conn: db.Connection, *, name: str = "Alice", role: str = "editor", email: str | None = None) -> User:
    """Straight into the table: hashing a password for every test would cost 0.1 s each."""
    email = email or f"{name.lower()}{next(_numbers)}@example.org"
    row = conn.execute(
        "INSERT INTO users (email, name, password_hash, role) VALUES (%s, %s, 'no password', %s) RETURNING id",
        (email, name, role),
    ).fetchone()
    assert row is not None
    return User(row["id"], email, name, Role(role), True, datetime.now(UTC), None)
