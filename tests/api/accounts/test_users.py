from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import logins

Program = Callable[[User], Any]

NEW = {"email": "dora@example.org", "name": "Dora", "role": "viewer", "password": "few unrelated words"}


def test_an_admin_creates_reads_changes_and_deletes_a_user(program: Program, conn: db.Connection, ada: User) -> None:
    api = program(ada)
    made = api.post("/users", NEW)
    assert made.status_code == 201 and "password" not in made.text
    path = f"/users/{made.json['id']}"
    assert api.get(path).json == made.json
    changed = api.patch(path, {"role": "editor", "name": "Dorothy"})
    assert (changed.status_code, changed.json["role"], changed.json["name"]) == (200, "editor", "Dorothy")
    assert api.put(f"{path}/password", {"password": "quite another one"}).status_code == 204
    logins.verify(logins.begin(conn, email=NEW["email"], address=""), password="quite another one")
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404 and api.delete(path).status_code == 404


def test_users_come_in_pages_with_the_total(program: Program, ada: User, bob: User, charlie: User) -> None:
    answer = program(ada).get("/users?page=2&page_size=2")
    assert [user["name"] for user in answer.json] == ["Charlie"]
    assert '"total": 3' in answer.headers["X-Pagination"]


def test_everybody_may_ask_who_they_are(program: Program, charlie: User) -> None:
    assert program(charlie).get("/users/me").json["email"] == charlie.email


@pytest.mark.parametrize(
    ("change", "field"),
    [({"email": "nobody"}, "email"), ({"email": None}, "email"), ({"name": "a\x00b"}, "name"), ({"name": " "}, "name"),
     ({"name": "\ud800"}, "name"), ({"role": "owner"}, "role"), ({"password": "short"}, "password"),
     ({"password": "NUL \x00 in the middle"}, "password"), ({"is_owner": True}, "is_owner")],
)  # fmt: skip
def test_what_does_not_fit_is_named(program: Program, ada: User, change: dict[str, Any], field: str) -> None:
    answer = program(ada).post("/users", NEW | change)
    assert answer.status_code == 422 and set(answer.json["errors"]) == {field}
    assert answer.content_type == "application/problem+json"


def test_a_taken_email_and_the_last_admin_are_conflicts(program: Program, ada: User, bob: User) -> None:
    api = program(ada)
    assert api.post("/users", NEW | {"email": bob.email.upper()}).status_code == 409
    assert api.patch(f"/users/{ada.id}", {"is_active": False}).status_code == 409
    assert api.delete(f"/users/{ada.id}").status_code == 409


def test_others_are_refused_with_403(program: Program, alice: User, charlie: User) -> None:
    for user in (alice, charlie):
        api = program(user)
        answers = [
            api.get("/users"), api.post("/users", NEW), api.get(f"/users/{alice.id}"),
            api.patch(f"/users/{user.id}", {"role": "admin"}), api.delete(f"/users/{alice.id}"),
            api.put(f"/users/{user.id}/password", {"password": "few unrelated words"}),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [403] * 6


def test_a_deactivated_users_token_answers_401(program: Program, ada: User, bob: User) -> None:
    bobs = program(bob)
    assert bobs.get("/users/me").status_code == 200
    program(ada).patch(f"/users/{bob.id}", {"is_active": False})
    answer = bobs.get("/users/me")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")
