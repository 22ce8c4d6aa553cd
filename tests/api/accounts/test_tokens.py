from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import tokens

Program = Callable[[User], Any]


def test_a_token_is_in_the_first_answer_only(program: Program, conn: db.Connection, alice: User) -> None:
    api = program(alice)
    made = api.post("/tokens", {"name": "nightly import"})
    assert made.status_code == 201 and tokens.find_user(conn, token=made.json["token"]) is not None
    listed = api.get("/tokens")
    assert [token["name"] for token in listed.json] == ["nightly import", "test"]
    assert "token" not in listed.json[0] and made.json["token"] not in listed.text


def test_a_revoked_token_is_refused_at_once(program: Program, alice: User) -> None:
    api, other = program(alice), program(alice)
    newest, oldest = (token["id"] for token in api.get("/tokens").json)
    assert other.delete(f"/tokens/{oldest}").status_code == 204
    assert api.get("/tokens").status_code == 401
    assert [token["id"] for token in other.get("/tokens").json] == [newest]


def test_no_token_revokes_itself(program: Program, alice: User) -> None:
    api = program(alice)
    own = api.get("/tokens").json[0]["id"]
    refused = api.delete(f"/tokens/{own}")
    assert refused.status_code == 409 and "another one" in refused.json["detail"]
    assert api.get("/tokens").status_code == 200


def test_a_colleagues_token_is_not_found(program: Program, conn: db.Connection, ada: User, alice: User) -> None:
    token, _ = tokens.create(conn, actor=alice, name="x")
    assert program(ada).delete(f"/tokens/{token.id}").status_code == 404


def test_a_repetition_makes_no_second_token_and_the_first_is_not_written_down(
    program: Program, conn: db.Connection, alice: User
) -> None:
    api, key = program(alice), {"Idempotency-Key": "once"}
    first, second = (api.post("/tokens", {"name": "x"}, headers=key) for _ in range(2))
    assert second.status_code == 201 and second.json == {k: v for k, v in first.json.items() if k != "token"}
    assert second.headers["Idempotent-Replayed"] == "true"
    row = conn.execute("SELECT body FROM idempotency_keys").fetchone()
    assert row is not None and first.json["token"] not in row["body"]
    assert tokens.count(conn, actor=alice) == 2


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "\x00", "\ud800", "two\nlines", None, 7])
def test_a_name_that_does_not_fit_is_named(program: Program, alice: User, name: Any) -> None:
    answer = program(alice).post("/tokens", {"name": name})
    assert answer.status_code == 422 and set(answer.json["errors"]) == {"name"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic YTpi", "Bearer bf_guess", "Bearer \xff"])
def test_without_a_good_token_the_answer_is_401(program: Program, alice: User, header: str) -> None:
    answer = program(alice).get("/users/me", headers={"Authorization": header})
    assert answer.status_code == 401 and answer.json["detail"]
