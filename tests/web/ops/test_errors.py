"""Errors as they come in, from views and from browsers, and the pages that show them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.ops import ErrorSource
from blogforge_llm.services.editorial import posts
from blogforge_llm.services.ops import errors
from blogforge_llm.web.ops import reports

Browse = Callable[[User | None], FlaskClient]


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of posts is broken, in the middle of its transaction."""

    def break_(conn: db.Connection, **_: object) -> None:
        with conn.transaction():
            conn.execute("SELECT 1 / 0")

    monkeypatch.setattr(posts, "list_posts", break_)


def test_a_broken_page_names_the_request_by_which_an_admin_finds_the_error(
    browse: Browse, conn: db.Connection, alice: User, ada: User, breaking: None
) -> None:
    answer = browse(alice).get("/posts")
    assert answer.status_code == 500
    request_id = answer.headers["X-Request-Id"]
    assert request_id in answer.text
    found = browse(ada).get(f"/errors?request={request_id}")
    page = browse(ada).get(found.headers["Location"]).text
    for words in ("DivisionByZero", request_id, "GET /posts", "Alice", "tests/web/ops/test_errors.py"):
        assert words in page


def test_a_broken_answer_of_the_api_is_noted_too(
    program: Callable[[User], object], conn: db.Connection, ada: User, breaking: None
) -> None:
    assert program(ada).get("/posts").status_code == 500  # type: ignore[attr-defined]
    (group,) = errors.list_(conn, actor=ada)
    assert (group.source, group.kind) == (ErrorSource.API, "DivisionByZero")


def test_what_the_product_foresees_is_no_error(browse: Browse, conn: db.Connection, ada: User) -> None:
    browse(ada).get("/posts/999999")
    browse(ada).get("/nowhere")
    assert errors.list_(conn, actor=ada) == []


def test_a_browser_tells_of_a_script_that_failed(browse: Browse, conn: db.Connection, alice: User, ada: User) -> None:
    said = {"name": "TypeError", "message": "x is <undefined>", "place": "/static/js/live.js:3", "stack": "at x"}
    assert browse(alice).post("/client-errors", json=said).status_code == 204
    (group,) = errors.list_(conn, actor=ada)
    assert (group.source, group.kind, group.place) == (ErrorSource.BROWSER, "TypeError", "/static/js/live.js:3")
    assert "x is &lt;undefined&gt;" in browse(ada).get(f"/errors/{group.id}").text


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"csp-report": {"violated-directive": "img-src", "blocked-uri": "https://x.example"}}, "img-src"),
        ([{"type": "csp-violation", "body": {"effectiveDirective": "font-src", "blockedURL": "inline"}}], "font-src"),
    ],
)
def test_a_browser_tells_what_the_policy_stopped(
    browse: Browse, conn: db.Connection, ada: User, said: object, kind: str
) -> None:
    assert browse(ada).post("/policy-reports", json=said).status_code == 204
    (group,) = errors.list_(conn, actor=ada)
    assert (group.source, group.kind) == (ErrorSource.POLICY, kind)


def test_the_policy_names_where_to_report(browse: Browse) -> None:
    assert "report-uri /policy-reports" in browse(None).get("/login").headers["Content-Security-Policy"]


def test_reports_are_taken_from_our_own_pages_and_people_only(browse: Browse, alice: User) -> None:
    for path in ("/client-errors", "/policy-reports"):
        assert browse(None).post(path, json={}).status_code == 401
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert browse(alice).post(path, json={}, headers=foreign).status_code == 403
        assert browse(alice).post(path, data=b"no json").status_code == 400
        assert browse(alice).post(path, data=b"x" * (reports.LARGEST + 1)).status_code == 413


def test_a_flood_of_reports_is_told_to_wait(browse: Browse, alice: User) -> None:
    browser = browse(alice)
    answers = [browser.post("/client-errors", json={"message": "x"}) for _ in range(errors.REPORTS_PER_ADDRESS + 1)]
    assert [answer.status_code for answer in answers[-2:]] == [204, 429]
    assert answers[-1].headers["Retry-After"]


def test_resolving_muting_and_opening_again(browse: Browse, conn: db.Connection, ada: User) -> None:
    errors.note(KeyError("x"), source=ErrorSource.WEB)
    (group,) = errors.list_(conn, actor=ada)
    browser = browse(ada)
    for verb, state in (("resolution", "resolved"), ("muting", "muted"), ("opening", "open")):
        assert browser.post(f"/errors/{group.id}/{verb}").status_code == 303
        assert f"/errors/{group.id}" in browser.get(f"/errors?state={state}").text
    assert "No muted errors" in browser.get("/errors?state=muted").text


def test_only_admins_see_them(browse: Browse, app: Flask, alice: User) -> None:
    for path in ("/errors", "/errors/1", "/errors?request=x"):
        assert browse(alice).get(path).status_code == 403
    assert browse(alice).post("/errors/1/muting").status_code == 403
