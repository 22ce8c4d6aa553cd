"""Names that must be unique: the database's refusal, told in words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from psycopg import errors as pg

from blogforge_llm import db
from blogforge_llm.errors import Conflict


@contextlib.contextmanager
def guard(conn: db.Connection, *, constraint: str, message: str) -> Iterator[None]:
    """Raises Conflict with this message when the block breaks the constraint; the caller's transaction lives on."""
    try:
        with conn.transaction():
            yield
    except pg.UniqueViolation as error:
        if error.diag.constraint_name != constraint:
            raise
        raise Conflict(message) from None
