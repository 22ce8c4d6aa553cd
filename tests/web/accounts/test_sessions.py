from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import sessions, throttle
from blogforge_llm.web import viewers

Browse = Callable[[User | None], FlaskClient]

PASSWORD = "few unrelated words"


def log_in(client: FlaskClient, email: str = "ann@example.org", password: str = PASSWORD, next: str = "/account"):
    return client.post("/login", data={"email": email, "password": password, "next": next})


def test_logging_in_leads_on_and_logging_out_ends_the_session(browse: Browse, conn: db.Connection, ann: User) -> None:
    client = browse(None)
    answer = log_in(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert client.get("/account").status_code == 200
    cookie = client.get_cookie(viewers.COOKIE)
    assert cookie is not None
    assert client.post("/logout").headers["Location"] == "/login"
    assert client.get_cookie(viewers.COOKIE) is None
    assert sessions.find(conn, token=cookie.value) is None


def test_a_planted_session_is_replaced_at_login(browse: Browse, conn: db.Connection, ann: User, bob: User) -> None:
    client = browse(bob)
    planted = client.get_cookie(viewers.COOKIE)
    log_in(client)
    fresh = client.get_cookie(viewers.COOKIE)
    assert planted is not None and fresh is not None and planted.value != fresh.value
    assert sessions.find(conn, token=planted.value) is None
    found = sessions.find(conn, token=fresh.value)
    assert found is not None and found.id == ann.id
    client.set_cookie(viewers.COOKIE, "chosen by somebody else")
    log_in(client)
    assert client.get_cookie(viewers.COOKIE).value != "chosen by somebody else"  # type: ignore[union-attr]


@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"])
def test_no_login_leads_to_another_site(browse: Browse, ann: User, evil: str) -> None:
    client = browse(None)
    assert "evil" not in client.get("/login", query_string={"next": evil}).text
    assert log_in(client, next=evil).headers["Location"] == "/"
    assert client.get("/login", query_string={"next": evil}).headers["Location"] == "/"


def test_a_refused_login_keeps_the_email_and_the_way(browse: Browse, ann: User) -> None:
    for email in (ann.email, "nobody@example.org"):
        answer = log_in(browse(None), email=email, password="a wrong password", next="/posts?q=1")
        assert answer.status_code == 422
        assert "do not fit together" in answer.text and f'value="{email}"' in answer.text
        assert 'value="/posts?q=1"' in answer.text and "a wrong password" not in answer.text


def test_who_fails_too_often_is_told_when_to_come_back(browse: Browse, ann: User) -> None:
    client = browse(None)
    for _ in range(throttle.PER_EMAIL):
        assert log_in(client, password="a wrong password").status_code == 422
    answer = log_in(client)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) == throttle.WINDOW_S
    assert "Try again in 15 minutes" in answer.text and 'value="ann@example.org"' in answer.text


def test_nonsense_in_the_form_is_refused_at_its_field(browse: Browse, ann: User) -> None:
    for email in ("", "a\x00b@example.org", "x" * 5000):
        assert log_in(browse(None), email=email).status_code == 422
    assert browse(None).post("/login").status_code == 422


def test_an_expired_session_answers_401_with_the_way_back(browse: Browse, conn: db.Connection, ann: User) -> None:
    client = browse(ann)
    conn.execute("UPDATE sessions SET expires_at = now()")
    answer = client.get("/account/tokens?page=2")
    assert answer.status_code == 401 and 'value="/account/tokens?page=2"' in answer.text
    assert "Log in to go on" in answer.text
    assert log_in(client, next="/account/tokens?page=2").headers["Location"] == "/account/tokens?page=2"


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(browse: Browse, ann: User) -> None:
    for referrer, way in (("http://localhost/account?x=1", "/account?x=1"), ("https://evil.example/account", "/")):
        answer = browse(None).post("/account", data={"name": "Ann"}, headers={"Referer": referrer})
        assert answer.status_code == 401 and f'name="next" value="{way}"' in answer.text


def test_a_swap_after_the_session_ended_leaves_the_page(browse: Browse) -> None:
    answer = browse(None).get("/account", headers={"HX-Request": "true"})
    assert answer.status_code == 401 and answer.headers["HX-Reswap"] == "none"


def test_the_start_page_leads_to_the_posts_or_to_the_login(browse: Browse, ann: User) -> None:
    assert browse(ann).get("/").headers["Location"] == "/posts"
    assert browse(None).get("/").headers["Location"] == "/login"
    assert browse(None).get("/login").status_code == 200
