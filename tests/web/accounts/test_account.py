from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import throttle

Browse = Callable[[User | None], FlaskClient]

NEW = {"current": "few unrelated words", "password": "quite another one", "repeated": "quite another one"}


def test_a_changed_password_keeps_this_browser_and_ends_the_others(browse: Browse, ann: User) -> None:
    here, elsewhere = browse(ann), browse(ann)
    answer = here.post("/account/password", data=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "Your password is changed" in here.get("/account").text
    assert elsewhere.get("/account").status_code == 401
    login = {"email": ann.email, "password": "few unrelated words"}
    assert elsewhere.post("/login", data=login).status_code == 422
    assert elsewhere.post("/login", data=login | {"password": "quite another one"}).status_code == 303


def test_what_does_not_fit_is_said_at_its_field(browse: Browse, ann: User) -> None:
    for change, said in (
        ({"current": "a wrong one"}, "not your present password"),
        ({"password": "short", "repeated": "short"}, "at least 10"),
        ({"repeated": "quite different"}, "differ"),
    ):
        answer = browse(ann).post("/account/password", data=NEW | change)
        assert answer.status_code == 422 and said in answer.text


def test_a_stolen_session_cannot_guess_the_password(browse: Browse, ann: User) -> None:
    client = browse(ann)
    for _ in range(throttle.PER_EMAIL):
        client.post("/account/password", data=NEW | {"current": "a wrong one"})
    assert client.post("/account/password", data=NEW).status_code == 429


def test_ones_own_name_can_be_changed(browse: Browse, conn: db.Connection, charlie: User) -> None:
    client = browse(charlie)
    assert client.post("/account", data={"name": "Charles <b>"}).status_code == 303
    assert "Charles &lt;b&gt;" in client.get("/account").text
    refused = client.post("/account", data={"name": "  "})
    assert refused.status_code == 422 and "Name is missing" in refused.text
