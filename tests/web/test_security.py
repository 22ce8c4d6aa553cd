"""What every answer carries, and which writes are refused because another site made them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import sessions
from blogforge_llm.services.editorial import posts
from blogforge_llm.web import viewers

Browse = Callable[[User | None], FlaskClient]

HERE = "http://localhost"


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": HERE}, False),
        ({"Origin": HERE}, True),
        ({"Origin": "null"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": HERE + ":8080"}, False),
        ({"Origin": HERE + ".evil.example"}, False),
        ({}, True),
    ],
)
def test_a_form_of_another_site_changes_nothing(
    browse: Browse, alice: User, headers: dict[str, str], is_taken: bool
) -> None:
    answer = browse(alice).post("/account", data={"name": "Mallory"}, headers=headers)
    assert answer.status_code == (303 if is_taken else 403)
    assert ("Mallory" in browse(alice).get("/account").text) is is_taken


def test_an_authorization_header_opens_no_page_to_other_sites(browse: Browse, alice: User) -> None:
    answer = browse(alice).post(
        "/account", data={"name": "Mallory"},
        headers={"Sec-Fetch-Site": "cross-site", "Authorization": "Basic YTpi"},
    )  # fmt: skip
    assert answer.status_code == 403 and "Mallory" not in browse(alice).get("/account").text


@pytest.mark.parametrize("path", ["/workflow", "/workflow/idea?post_id={}", "/workflow//idea?post_id={}", "/llm"])
def test_no_redirect_names_the_host_that_the_request_names(
    app: Flask, conn: db.Connection, alice: User, path: str
) -> None:
    post, session = posts.create(conn, actor=alice, idea="Bread"), sessions.create(conn, user_id=alice.id)
    headers = {"Host": "evil.example", "Cookie": f"{viewers.COOKIE}={session}"}
    answer = app.test_client(use_cookies=False).get(path.format(post.id), headers=headers)
    assert answer.status_code in {200, 302, 404}
    assert "evil.example" not in answer.headers.get("Location", "")


def test_an_address_is_found_with_and_without_its_last_slash(browse: Browse, conn: db.Connection, alice: User) -> None:
    post = posts.create(conn, actor=alice, idea="Bread")
    for path in ("/workflow/idea", "/workflow/idea/"):
        assert browse(alice).get(f"{path}?post_id={post.id}").status_code == 200
    for path in ("/apidocs", "/apidocs/"):
        assert browse(None).get(path).status_code == 200


def test_nobody_can_be_logged_in_or_out_from_another_site(browse: Browse, alice: User) -> None:
    client = browse(alice)
    for path in ("/login", "/logout"):
        assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get("/account").status_code == 200


def test_the_cookie_is_no_key_to_the_api(browse: Browse, alice: User) -> None:
    assert browse(alice).get("/api/v1/users/me").status_code == 401


@pytest.mark.parametrize(
    "path", ["/login", "/account", "/nowhere", "/static/x/css/app.css", "/api/v1/users/me", "/v1/models"]
)
def test_every_answer_carries_the_policy(browse: Browse, alice: User, path: str) -> None:
    for client in (browse(alice), browse(None)):
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "*" not in policy
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_by_caches(browse: Browse, alice: User) -> None:
    assert "private" in browse(alice).get("/account").headers["Cache-Control"]
    made = browse(alice).post("/account/tokens", data={"name": "x"})
    assert made.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("scheme", "is_secure"), [("http", False), ("https", True)])
def test_the_cookie_is_for_browsers_only(browse: Browse, ann: User, scheme: str, is_secure: bool) -> None:
    answer = browse(None).post(
        "/login", data={"email": ann.email, "password": "few unrelated words"}, base_url=f"{scheme}://localhost"
    )
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(viewers.COOKIE))
    parts = {part.strip() for part in cookie.split(";")}
    assert {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={14 * 24 * 3600}"} <= parts
    assert ("Secure" in parts) is is_secure
