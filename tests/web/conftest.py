"""For the pages' tests: somebody with a real password."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import users


@pytest.fixture
def ann(conn: db.Connection) -> User:
    return users.add(conn, email="ann@example.org", name="Ann", role="editor", password="few unrelated words")
