"""The bars: groups of pages, which of them is current, and what a role is not shown."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from tests import factories

Browse = Callable[[User | None], FlaskClient]


def marked(page: str, kind: str) -> list[str]:
    """The labels of the second bar that carry this aria-current."""
    bar = page[page.index("area-nav") : page.index("<main")]
    return re.findall(rf"aria-current={kind}>([^<]+)", bar.replace('"', ""))


@pytest.mark.parametrize(
    ("path", "group", "page"),
    [
        ("/llm/", "Work", "Overview"),
        ("/llm/tasks?status=failed", "Work", "Tasks"),
        ("/llm/parts/new", "Prompts", "Parts"),
        ("/llm/providers/new", "Models", "Providers"),
        ("/llm/ledger/attempts", "Money", "Ledger"),
    ],
)
def test_a_page_is_marked_with_its_group_and_the_page_it_stands_below(
    path: str, group: str, page: str, browse: Browse, ada: User
) -> None:
    html = browse(ada).get(path).text
    assert marked(html, "true") == [group]
    assert marked(html, "page") == [page]


def test_an_area_with_one_group_shows_its_pages_alone(browse: Browse, ada: User) -> None:
    html = browse(ada).get("/audit").text
    assert marked(html, "page") == ["Audit log"] and marked(html, "true") == []
    assert "area-nav__groups" not in html and 'href="/errors"' in html.replace("href=/errors", 'href="/errors"')


def test_the_deepest_of_two_pages_below_one_another_is_marked(browse: Browse, ada: User) -> None:
    assert marked(browse(ada).get("/alerts").text, "page") == ["Alerts"]
    assert marked(browse(ada).get("/alerts/rules/new").text, "page") == ["Alert rules"]


def test_what_would_be_refused_is_left_out(browse: Browse, conn: db.Connection, ada: User) -> None:
    viewer = factories.make_user(conn, name="Vera", role="viewer")
    ours, theirs = (browse(user).get("/llm/").text for user in (ada, viewer))
    for address in ("/llm/budgets", "/users", "/settings", "/audit", "/errors", "/alerts"):
        assert address in ours
        assert f"href={address}" not in theirs.replace('"', "")
    assert ">Money<" in ours and ">Money<" not in theirs


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
def test_every_link_that_a_role_is_shown_opens(role: str, browse: Browse, conn: db.Connection) -> None:
    client = browse(factories.make_user(conn, name="Somebody", role=role))
    found, seen = {"/llm/", "/account"}, set[str]()
    while waiting := found - seen:
        page = client.get(address := waiting.pop())
        assert page.status_code == 200, address
        seen.add(address)
        bars = page.text[: page.text.index("<main")]
        found |= set(re.findall(r'href="?(/(?:llm|account|users|settings|audit|errors|alerts)[^" >]*)', bars))
    assert ("/llm/ledger" in seen) == ("/errors" in seen) == (role == "admin")
