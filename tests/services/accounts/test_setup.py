from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import setup, users

FORM = {"name": "Ada", "email": "ada@example.org", "password": "few unrelated words", "repeated": "few unrelated words"}


def test_a_link_makes_the_admin_once(conn: db.Connection) -> None:
    first, second = setup.make_link(conn), setup.make_link(conn)
    assert setup.is_open(conn, token=first) and setup.is_open(conn, token=second)
    user = setup.claim(conn, token=first, **FORM)
    assert user.role == "admin" and users.count(conn) == 1
    for token in (first, second):
        assert not setup.is_open(conn, token=token)
        with pytest.raises(NotFound):
            setup.claim(conn, token=token, **FORM | {"email": "eve@example.org"})
    with pytest.raises(Conflict):
        setup.make_link(conn)


def test_a_link_is_void_once_there_is_any_user(conn: db.Connection) -> None:
    token = setup.make_link(conn)
    users.add(conn, email="ann@example.org", name="Ann", role="viewer", password="few unrelated words")
    with pytest.raises(NotFound):
        setup.claim(conn, token=token, **FORM)


def test_a_guessed_link_claims_nothing(conn: db.Connection) -> None:
    setup.make_link(conn)
    for token in ("", "guess", "\x00"):
        with pytest.raises(NotFound):
            setup.claim(conn, token=token, **FORM)
    assert users.count(conn) == 0


def test_a_form_that_does_not_fit_leaves_the_link_good(conn: db.Connection) -> None:
    token = setup.make_link(conn)
    for field, value in (("password", "short"), ("repeated", "another"), ("email", "nobody"), ("name", "")):
        change = {field: value, "repeated": value} if field == "password" else {field: value}
        with pytest.raises(Invalid) as caught:
            setup.claim(conn, token=token, **FORM | change)
        assert set(caught.value.errors) == {field}
    assert setup.is_open(conn, token=token)


def test_of_two_browsers_at_once_one_claims(database_url: str) -> None:
    def connect() -> db.Connection:
        return psycopg.connect(database_url, row_factory=dict_row, autocommit=True)

    with connect() as conn:
        links = [setup.make_link(conn), setup.make_link(conn)]

    def claim(number: int) -> User | None:
        with connect() as conn:
            try:
                with conn.transaction():
                    return setup.claim(conn, token=links[number % 2], **FORM | {"email": f"ada{number}@example.org"})
            except NotFound:
                return None

    with ThreadPoolExecutor(4) as pool:
        assert len([user for user in pool.map(claim, range(4)) if user]) == 1
    with connect() as conn:
        assert users.count(conn) == 1
