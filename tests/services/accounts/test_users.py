from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import Role, User
from blogforge_llm.services.accounts import logins, sessions, users
from tests import factories

PASSWORD = "few unrelated words"


def make(conn: db.Connection, actor: User, **changes: Any) -> User:
    fields = {"email": "ann@example.org", "name": "Ann", "role": "editor", "password": PASSWORD}
    return users.create(conn, actor=actor, **fields | changes)


def test_an_admin_makes_a_user_who_can_log_in(conn: db.Connection, ada: User) -> None:
    user = make(conn, ada, email=" Ann@Example.org ", name="  Ann  ")
    assert (user.email, user.name, user.role, user.is_active) == ("Ann@Example.org", "Ann", Role.EDITOR, True)
    assert users.get(conn, actor=ada, user_id=user.id) == user
    assert users.find_by_email(conn, email="ann@example.ORG") == user
    login = logins.begin(conn, email="ann@example.org", address="127.0.0.1")
    logins.verify(login, password=PASSWORD)


def test_an_email_is_taken_once_whatever_its_case(conn: db.Connection, ada: User, bob: User) -> None:
    make(conn, ada)
    with pytest.raises(Conflict, match=r"ANN@example.org"):
        make(conn, ada, email="ANN@example.org")
    with pytest.raises(Conflict):
        users.update(conn, actor=ada, user_id=bob.id, email="ann@EXAMPLE.org")
    assert users.get(conn, actor=ada, user_id=bob.id).email == bob.email


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nobody"), ("email", "a@b@c"), ("email", "a b@example.org"), ("email", ""), ("email", "x\x00@y.z"),
     ("email", "a@" + "b" * 260), ("name", " "), ("name", "x" * 201), ("name", "\ud800"), ("role", "owner"),
     ("role", ""), ("password", "short"), ("password", "ann@example.org")],
)  # fmt: skip
def test_what_does_not_fit_is_refused_at_its_field(conn: db.Connection, ada: User, field: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        make(conn, ada, **{field: value})
    assert set(caught.value.errors) == {field}


def test_those_who_may_come_in_are_listed_first_then_by_name(conn: db.Connection, ada: User, bob: User) -> None:
    gone = factories.make_user(conn, name="Aaron")
    users.update(conn, actor=ada, user_id=gone.id, is_active=False)
    assert [user.name for user in users.list_(conn, actor=ada)] == ["Ada", "Bob", "Aaron"]
    assert [user.name for user in users.list_(conn, actor=ada, limit=1, offset=1)] == ["Bob"]
    assert users.count(conn) == 3


def test_a_change_leaves_alone_what_it_does_not_name(conn: db.Connection, ada: User, bob: User) -> None:
    changed = users.update(conn, actor=ada, user_id=bob.id, role="viewer")
    assert (changed.role, changed.name, changed.email, changed.is_active) == ("viewer", bob.name, bob.email, True)
    with pytest.raises(NotFound):
        users.update(conn, actor=ada, user_id=10**18, name="x")


def test_the_last_active_admin_stays_one(conn: db.Connection, ada: User, bob: User) -> None:
    inactive = factories.make_user(conn, name="Ida", role="admin")
    users.update(conn, actor=ada, user_id=inactive.id, is_active=False)
    for change in ({"role": "editor"}, {"is_active": False}):
        with pytest.raises(Conflict, match="last active admin"):
            users.update(conn, actor=ada, user_id=ada.id, **change)
    with pytest.raises(Conflict, match="last active admin"):
        users.delete(conn, actor=ada, user_id=ada.id)
    users.update(conn, actor=ada, user_id=ada.id, name="Ada again")
    bob = users.update(conn, actor=ada, user_id=bob.id, role="admin")
    assert users.update(conn, actor=bob, user_id=ada.id, role="viewer").role == "viewer"


def test_nobody_takes_their_own_access_away(conn: db.Connection, ada: User) -> None:
    factories.make_user(conn, name="Ida", role="admin")
    for change in ({"role": "editor"}, {"is_active": False}):
        with pytest.raises(Conflict, match="Ask another admin"):
            users.update(conn, actor=ada, user_id=ada.id, **change)
    with pytest.raises(Conflict, match="Ask another admin"):
        users.delete(conn, actor=ada, user_id=ada.id)
    assert users.get(conn, actor=ada, user_id=ada.id).role == "admin"


def test_of_two_admins_who_demote_each_other_at_once_one_stays(database_url: str) -> None:
    def connect() -> db.Connection:
        return psycopg.connect(database_url, row_factory=dict_row, autocommit=True)

    with connect() as one, connect() as two:
        ada = factories.make_user(one, name="Ada", role="admin")
        ida = factories.make_user(one, name="Ida", role="admin")
        two.execute("SET lock_timeout = '100ms'")
        with one.transaction():
            users.update(one, actor=ada, user_id=ida.id, role="editor")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                users.update(two, actor=ida, user_id=ada.id, role="editor")
        with pytest.raises(Conflict):
            users.update(two, actor=ida, user_id=ada.id, role="editor")


def test_a_password_set_by_an_admin_logs_the_user_out(conn: db.Connection, ada: User, bob: User) -> None:
    token = sessions.create(conn, user_id=bob.id)
    with pytest.raises(Invalid):
        users.set_password(conn, actor=ada, user_id=bob.id, password="short")
    assert sessions.find(conn, token=token) is not None
    users.set_password(conn, actor=ada, user_id=bob.id, password=PASSWORD)
    assert sessions.find(conn, token=token) is None
    logins.verify(logins.begin(conn, email=bob.email, address="127.0.0.1"), password=PASSWORD)


def test_everybody_may_change_their_own_name_and_nothing_else_changes(conn: db.Connection, charlie: User) -> None:
    conn.execute("UPDATE users SET role = 'editor' WHERE id = %s", (charlie.id,))
    assert users.rename(conn, actor=charlie, name="Charles").role == "editor"


def test_a_deleted_user_is_gone_with_sessions_and_tokens(conn: db.Connection, ada: User, bob: User) -> None:
    token = sessions.create(conn, user_id=bob.id)
    users.delete(conn, actor=ada, user_id=bob.id)
    assert sessions.find(conn, token=token) is None
    with pytest.raises(NotFound):
        users.delete(conn, actor=ada, user_id=bob.id)
