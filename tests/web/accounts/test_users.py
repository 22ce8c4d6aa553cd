from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import users

Browse = Callable[[User | None], FlaskClient]

FORM = {"name": "Dora", "email": "dora@example.org", "role": "viewer", "password": "few unrelated words"}


def test_an_admin_makes_a_user_who_can_log_in(browse: Browse, ada: User) -> None:
    client = browse(ada)
    assert client.get("/users/new").status_code == 200
    assert client.post("/users", data=FORM).headers["Location"] == "/users"
    page = client.get("/users").text
    assert "dora@example.org" in page and "Dora can log in now" in page
    assert browse(None).post("/login", data=FORM).status_code == 303


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [({"email": "nobody"}, 422, "not an e-mail"), ({"password": "short"}, 422, "at least 10"),
     ({"role": ""}, 422, "A role is one of"), ({"name": ""}, 422, "Name is missing")],
)  # fmt: skip
def test_a_refused_form_keeps_what_was_typed(
    browse: Browse, ada: User, change: dict[str, str], status: int, said: str
) -> None:
    answer = browse(ada).post("/users", data=FORM | change)
    assert answer.status_code == status and said in answer.text
    kept = {name: value for name, value in (FORM | change).items() if name in {"name", "email"} and value}
    assert all(f'value="{value}"' in answer.text for value in kept.values())
    assert FORM["password"] not in answer.text


def test_a_taken_email_is_a_conflict_with_the_form_kept(browse: Browse, ada: User, bob: User) -> None:
    answer = browse(ada).post("/users", data=FORM | {"email": bob.email})
    assert answer.status_code == 409 and "already has the e-mail" in answer.text and 'value="Dora"' in answer.text


def test_a_user_is_edited_deactivated_and_let_in_again(
    browse: Browse, conn: db.Connection, ada: User, bob: User
) -> None:
    client, bobs = browse(ada), browse(bob)
    edit = {"name": "Robert", "email": bob.email, "role": "admin"}
    assert client.get(f"/users/{bob.id}/edit").status_code == 200
    assert client.post(f"/users/{bob.id}", data=edit).status_code == 303
    assert bobs.get("/users").status_code == 200
    assert client.post(f"/users/{bob.id}/deactivation").status_code == 303
    assert bobs.get("/account").status_code == 401
    assert client.post(f"/users/{bob.id}/activation").status_code == 303
    assert users.get(conn, actor=ada, user_id=bob.id).is_active


def test_a_password_set_by_an_admin_ends_the_sessions(browse: Browse, ada: User, bob: User) -> None:
    client, bobs = browse(ada), browse(bob)
    assert client.post(f"/users/{bob.id}/password", data={"password": "short"}).status_code == 422
    assert bobs.get("/account").status_code == 200
    assert client.post(f"/users/{bob.id}/password", data={"password": "few unrelated words"}).status_code == 303
    assert bobs.get("/account").status_code == 401


def test_the_last_admin_is_told_why_nothing_happened(browse: Browse, ada: User) -> None:
    client = browse(ada)
    for path, data in (("", {"name": "Ada", "email": ada.email, "role": "editor"}), ("/deactivation", {})):
        answer = client.post(f"/users/{ada.id}{path}", data=data)
        assert answer.status_code == 409 and "last active admin" in answer.text


def test_nobody_else_gets_near_the_users(browse: Browse, alice: User, bob: User, charlie: User) -> None:
    for user in (alice, charlie):
        client = browse(user)
        assert "/users" not in client.get("/account").text
        for path in ("/users", "/users/new", f"/users/{bob.id}/edit", f"/users/{user.id}/edit"):
            assert client.get(path).status_code == 403
        for path in ("", f"/{bob.id}", f"/{user.id}", f"/{bob.id}/password", f"/{user.id}/password",
                     f"/{bob.id}/deactivation", f"/{bob.id}/activation"):  # fmt: skip
            answer = client.post(f"/users{path}", data=FORM | {"role": "admin"})
            assert answer.status_code == 403, path


def test_an_unknown_user_is_not_found(browse: Browse, ada: User) -> None:
    for user_id in (10**6, 10**30):
        assert browse(ada).get(f"/users/{user_id}/edit").status_code == 404
