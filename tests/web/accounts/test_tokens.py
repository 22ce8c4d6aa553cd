from __future__ import annotations

import re
from collections.abc import Callable

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import tokens

Browse = Callable[[User | None], FlaskClient]


def test_a_token_is_shown_once_and_works_until_it_is_revoked(browse: Browse, conn: db.Connection, alice: User) -> None:
    client = browse(alice)
    assert "No tokens yet" in client.get("/account/tokens").text
    made = client.post("/account/tokens", data={"name": "nightly import"})
    found = re.search(r"bf_[\w-]{43}", made.text)
    assert made.status_code == 201 and found
    page = client.get("/account/tokens").text
    assert "nightly import" in page and found[0] not in page
    assert tokens.find_user(conn, token=found[0]) is not None
    token = tokens.list_(conn, actor=alice)[0]
    assert client.post(f"/account/tokens/{token.id}/revocation").status_code == 303
    assert tokens.find_user(conn, token=found[0]) is None
    assert client.post(f"/account/tokens/{token.id}/revocation").status_code == 404


def test_a_colleagues_token_is_neither_seen_nor_revoked(
    browse: Browse, conn: db.Connection, ada: User, alice: User
) -> None:
    token, _ = tokens.create(conn, actor=alice, name="of alice")
    client = browse(ada)
    assert "of alice" not in client.get("/account/tokens").text
    assert client.post(f"/account/tokens/{token.id}/revocation").status_code == 404


def test_a_name_that_does_not_fit_comes_back(browse: Browse, alice: User) -> None:
    answer = browse(alice).post("/account/tokens", data={"name": "y" * 150})
    assert answer.status_code == 422 and "y" * 150 in answer.text and "at most 100" in answer.text
