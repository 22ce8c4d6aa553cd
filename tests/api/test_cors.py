from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.api import cors
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import settings

Browse = Callable[[User | None], FlaskClient]
Program = Callable[[User], Any]

FRIEND = "https://friend.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture(autouse=True)
def fresh(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cors, "CACHE_S", 0)
    app.extensions["cors"].good_until = 0


@pytest.fixture
def listed(conn: db.Connection, ada: User) -> None:
    settings.update(conn, actor=ada, key="cors_origins", value=[FRIEND])


def test_without_listed_origins_no_page_may_call(browse: Browse, program: Program, ada: User) -> None:
    for path in ("/api/v1/users/me", "/v1/chat/completions"):
        answer = browse(None).options(path, headers=PREFLIGHT | {"Origin": FRIEND})
        assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]
    answer = program(ada).get("/users/me", headers={"Origin": FRIEND})
    assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.usefixtures("listed")
def test_a_listed_page_may_call_with_a_token_but_never_with_cookies(
    browse: Browse, program: Program, ada: User
) -> None:
    for path in ("/api/v1/users", "/v1/chat/completions"):
        answer = browse(None).options(path, headers=PREFLIGHT | {"Origin": FRIEND})
        assert answer.status_code == 204 and answer.headers["Access-Control-Allow-Origin"] == FRIEND
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    cross = {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"}
    for answer in (
        program(ada).get("/users", headers=cross),
        program(ada).post("/tokens", {"name": "from a page"}, headers=cross),
        browse(ada).get("/api/v1/users", headers=cross),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.status_code == 401


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    "origin", ["https://friend.example.evil.example", "http://friend.example", "null", FRIEND + ":8443"]
)
def test_a_page_that_is_nearly_listed_is_not(browse: Browse, origin: str) -> None:
    answer = browse(None).options("/api/v1/users", headers=PREFLIGHT | {"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.usefixtures("listed")
def test_pages_for_people_are_never_opened(browse: Browse, ada: User) -> None:
    answer = browse(ada).get("/account", headers={"Origin": FRIEND})
    assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer.headers


def test_the_setting_is_read_at_most_every_few_seconds(
    browse: Browse, conn: db.Connection, ada: User, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setattr(cors, "CACHE_S", 60)
    ask = {"Origin": FRIEND}
    assert "Access-Control-Allow-Origin" not in browse(None).get("/api/openapi.json", headers=ask).headers
    settings.update(conn, actor=ada, key="cors_origins", value=[FRIEND])
    assert "Access-Control-Allow-Origin" not in browse(None).get("/api/openapi.json", headers=ask).headers
    app.extensions["cors"].good_until = 0
    assert "Access-Control-Allow-Origin" in browse(None).get("/api/openapi.json", headers=ask).headers
    app.extensions["cors"].good_until = 0
