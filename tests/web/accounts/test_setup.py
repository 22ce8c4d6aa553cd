from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import setup, users

Browse = Callable[[User | None], FlaskClient]

FORM = {"name": "Ada", "email": "ada@example.org", "password": "few unrelated words", "repeated": "few unrelated words"}


def test_without_users_every_way_leads_to_the_terminals_link(browse: Browse, conn: db.Connection) -> None:
    client = browse(None)
    assert client.get("/login").headers["Location"] == "/setup"
    answer = client.get("/setup")
    assert answer.status_code == 200 and "terminal" in answer.text and "<form" not in answer.text
    assert client.get("/setup/guess").headers["Location"] == "/setup"
    assert client.post("/setup/guess", data=FORM).status_code == 404
    assert users.count(conn) == 0


def test_the_link_makes_the_admin_and_logs_in(browse: Browse, conn: db.Connection) -> None:
    client, token = browse(None), setup.make_link(conn)
    assert client.get(f"/setup/{token}").status_code == 200
    answer = client.post(f"/setup/{token}", data=FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/llm/")
    assert client.get("/users").status_code == 200


def test_a_refused_form_keeps_what_was_typed_but_the_passwords(browse: Browse, conn: db.Connection) -> None:
    token = setup.make_link(conn)
    answer = browse(None).post(f"/setup/{token}", data=FORM | {"repeated": "something different"})
    assert answer.status_code == 422 and "differ" in answer.text
    assert 'value="Ada"' in answer.text and 'value="ada@example.org"' in answer.text
    assert 'few unrelated words"' not in answer.text and "something different" not in answer.text


def test_once_there_are_users_the_links_lead_to_the_login(browse: Browse, conn: db.Connection) -> None:
    token = setup.make_link(conn)
    setup.claim(conn, token=token, **FORM)
    client = browse(None)
    assert client.get("/setup").headers["Location"] == "/login"
    assert client.get(f"/setup/{token}", follow_redirects=True).request.path == "/login"
    assert client.post(f"/setup/{token}", data=FORM | {"email": "eve@example.org"}).status_code == 404
    assert users.count(conn) == 1
