"""Who calls, with and without proxies in front."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import settings, throttle
from blogforge_llm.web import proxies, viewers

Browse = Callable[[User | None], FlaskClient]


@pytest.fixture(autouse=True)
def fresh(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "CACHE_S", 0)
    app.extensions["proxies"].good_until = 0


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, "203.0.113.7", "127.0.0.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_as_many_entries_are_believed_as_there_are_proxies(
    app: Flask, conn: db.Connection, ada: User, trusted: int, forwarded: str, address: str
) -> None:
    settings.update(conn, actor=ada, key="trusted_proxies", value=trusted)
    with app.test_request_context(
        "/", headers={"X-Forwarded-For": forwarded}, environ_base={"REMOTE_ADDR": "127.0.0.1"}
    ):
        assert proxies.address() == address


def test_behind_a_proxy_each_address_has_its_own_tries(
    browse: Browse, conn: db.Connection, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_ADDRESS", 2)

    def try_from(address: str, email: str) -> int:
        form = {"email": email, "password": "wrong"}
        return browse(None).post("/login", data=form, headers={"X-Forwarded-For": address}).status_code

    settings.update(conn, actor=ada, key="trusted_proxies", value=1)
    assert [try_from("203.0.113.7", f"{n}@example.org") for n in range(3)] == [422, 422, 429]
    assert try_from("203.0.113.8", "x@example.org") == 422
    assert try_from("203.0.113.8, 203.0.113.7", "y@example.org") == 429  # the left one anybody can write


@pytest.mark.parametrize(
    ("trusted", "scheme", "is_secure"), [(0, "https", False), (1, "https", True), (1, "http", False)]
)
def test_the_cookie_is_secure_when_the_proxy_was_reached_by_https(
    browse: Browse, conn: db.Connection, ada: User, ann: User, trusted: int, scheme: str, is_secure: bool
) -> None:
    settings.update(conn, actor=ada, key="trusted_proxies", value=trusted)
    answer = browse(None).post(
        "/login", data={"email": ann.email, "password": "few unrelated words"}, headers={"X-Forwarded-Proto": scheme}
    )
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(viewers.COOKIE))
    assert ("Secure" in cookie) is is_secure


def test_an_admin_sets_how_many_proxies_there_are(browse: Browse, conn: db.Connection, ada: User) -> None:
    client = browse(ada)
    client.post("/settings/trusted_proxies", data={"value": " 2 "})
    assert settings.value(conn, key="trusted_proxies") == 2
    for wrong in ("-1", "11", "1.5", "two", "", "²", "9" * 30):
        answer = client.post("/settings/trusted_proxies", data={"value": wrong})
        assert answer.status_code == 422 and "whole number from 0 to 10" in answer.text
    assert settings.value(conn, key="trusted_proxies") == 2
