from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.web import viewers

Browse = Callable[[User | None], FlaskClient]


@pytest.fixture
def database_down(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pool of a process whose database does not listen."""
    monkeypatch.setattr(db, "_pool", None)
    db.open_pool("postgresql://nobody@127.0.0.1:1/none")
    yield
    db.close_pool()


def test_readiness_names_what_is_missing(browse: Browse, conn: db.Connection) -> None:
    answer = browse(None).get("/readyz")
    assert answer.status_code == 503 and answer.json is not None
    assert answer.json["checks"] == {"database": True, "schema": True, "worker": False}


@pytest.mark.usefixtures("database_down")
def test_without_a_database_health_is_still_told_soon(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie(viewers.COOKIE, "somebody's session")
    begun = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - begun < 2.5
    assert answer.status_code == 503 and answer.json is not None
    assert answer.json["checks"] == {"database": False, "schema": False, "worker": False}
    assert {client.get(path).status_code for path in ("/healthz", "/health")} == {200}
