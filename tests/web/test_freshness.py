"""304 where nothing changed, and only there; static files are kept for ever under an address of their version."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.registry import presets

Browse = Callable[[User | None], FlaskClient]


@pytest.mark.parametrize("path", ["/llm/presets", "/settings", "/account"])
def test_a_page_that_did_not_change_is_not_sent_again(browse: Browse, ada: User, path: str) -> None:
    browser = browse(ada)
    first = browser.get(path)
    again = browser.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert not first.headers["ETag"].startswith("W/")
    assert "private" in first.headers["Cache-Control"] and "no-cache" in first.headers["Cache-Control"]


def test_what_changed_is_sent_with_another_tag(
    browse: Browse, program: Callable[[User], Any], conn: db.Connection, ada: User
) -> None:
    api = program(ada)
    first = api.get("/llm/presets")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert api.get("/llm/presets", headers=tag).status_code == 304
    presets.create(conn, actor=ada, name="Calm", parameters={})
    changed = api.get("/llm/presets", headers=tag)
    assert (changed.status_code, len(changed.json)) == (200, 1)
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_another_person_gets_their_own_page_whatever_tag_they_name(browse: Browse, ada: User, alice: User) -> None:
    tag = browse(ada).get("/account").headers["ETag"]
    assert browse(alice).get("/account", headers={"If-None-Match": tag}).status_code == 200


def test_a_write_an_error_and_an_export_have_no_tag(browse: Browse, ada: User) -> None:
    browser = browse(ada)
    assert "ETag" not in browser.post("/settings/trusted_proxies", data={"value": "0"}).headers
    assert "ETag" not in browser.get("/nowhere").headers
    assert "ETag" not in browser.get("/audit/export.csv").headers


def test_every_static_file_of_a_page_is_kept_for_ever_under_its_version(browse: Browse, ada: User) -> None:
    browser = browse(ada)
    addresses = re.findall(r'(?:src|href)="(/static/[^"#]+)', browser.get("/account").text)
    assert len(addresses) >= 4
    for address in addresses:
        with browser.get(address) as answer:
            assert "immutable" in answer.headers["Cache-Control"]
    old = re.sub(r"^/static/\w+", "/static/0123456789ab", addresses[0])
    with browser.get(old) as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
