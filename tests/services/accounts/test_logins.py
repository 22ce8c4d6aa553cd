from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from argon2 import PasswordHasher
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, TooMany
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import logins, passwords, sessions, throttle, users

PASSWORD = "few unrelated words"
HOME = "198.51.100.7"


@pytest.fixture
def ann(conn: db.Connection) -> User:
    return users.add(conn, email="ann@example.org", name="Ann", role="editor", password=PASSWORD)


def log_in(conn: db.Connection, email: str, password: str, address: str = HOME, old_token: str | None = None) -> str:
    login = logins.begin(conn, email=email, address=address)
    logins.verify(login, password=password)
    return logins.finish(conn, login=login, password=password, old_token=old_token)


def fail(conn: db.Connection, email: str, address: str = HOME) -> None:
    logins.begin(conn, email=email, address=address)


def test_the_right_password_opens_a_new_session_and_ends_the_browsers_old_one(conn: db.Connection, ann: User) -> None:
    planted = sessions.create(conn, user_id=ann.id)
    token = log_in(conn, "ANN@example.org", PASSWORD, old_token=planted)
    found = sessions.find(conn, token=token)
    assert found is not None and found.id == ann.id and found.last_login_at is not None
    assert token != planted and sessions.find(conn, token=planted) is None


def test_a_wrong_password_and_an_unknown_email_are_told_apart_by_nobody(conn: db.Connection, ann: User) -> None:
    said = []
    for email in ("ann@example.org", "nobody@example.org"):
        with pytest.raises(Invalid) as caught:
            log_in(conn, email, "a wrong password")
        said.append((str(caught.value), caught.value.errors))
    assert said[0] == said[1]


def test_a_deactivated_user_cannot_log_in(conn: db.Connection, ada: User, ann: User) -> None:
    users.update(conn, actor=ada, user_id=ann.id, is_active=False)
    with pytest.raises(Invalid):
        log_in(conn, ann.email, PASSWORD)


def test_who_is_deactivated_while_logging_in_stays_out(conn: db.Connection, ada: User, ann: User) -> None:
    login = logins.begin(conn, email=ann.email, address=HOME)
    logins.verify(login, password=PASSWORD)
    users.update(conn, actor=ada, user_id=ann.id, is_active=False)
    with pytest.raises(Conflict):
        logins.finish(conn, login=login, password=PASSWORD, old_token=None)


def test_an_old_hash_is_replaced_at_login(conn: db.Connection, ann: User) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    conn.execute("UPDATE users SET password_hash = %s WHERE id = %s", (old, ann.id))
    log_in(conn, ann.email, PASSWORD)
    row = conn.execute("SELECT password_hash FROM users WHERE id = %s", (ann.id,)).fetchone()
    assert row is not None and row["password_hash"] != old and not passwords.needs_rehash(row["password_hash"])
    log_in(conn, ann.email, PASSWORD)


def test_the_sixth_try_for_an_email_waits_whoever_makes_it(conn: db.Connection, ann: User) -> None:
    for number in range(throttle.PER_EMAIL):
        fail(conn, "Ann@Example.org ", address=f"198.51.100.{number}")
    with pytest.raises(TooMany, match="Try again in 15 minutes") as caught:
        log_in(conn, ann.email, PASSWORD, address="203.0.113.9")
    assert caught.value.retry_after_s == throttle.WINDOW_S
    conn.execute("UPDATE login_failures SET failed_at = failed_at - interval '14 minutes 10 seconds'")
    with pytest.raises(TooMany, match="Try again in 1 minute\\."):
        log_in(conn, ann.email, PASSWORD, address="203.0.113.9")
    conn.execute("UPDATE login_failures SET failed_at = failed_at - interval '50 seconds'")
    log_in(conn, ann.email, PASSWORD)
    assert throttle.forget_old(conn) > 0


def test_an_address_that_guesses_many_emails_waits(conn: db.Connection, ann: User) -> None:
    for number in range(throttle.PER_ADDRESS):
        fail(conn, f"guess{number}@example.org")
    with pytest.raises(TooMany):
        log_in(conn, ann.email, PASSWORD)
    log_in(conn, ann.email, PASSWORD, address="203.0.113.9")


def test_a_new_address_of_the_same_network_is_the_same_address(conn: db.Connection) -> None:
    for number in range(throttle.PER_ADDRESS):
        fail(conn, f"guess{number}@example.org", address=f"2001:db8::{number:x}")
    with pytest.raises(TooMany):
        fail(conn, "another@example.org", address="2001:db8::ffff:1")
    fail(conn, "another@example.org", address="2001:db8:0:1::1")
    fail(conn, "another@example.org", address="not an address")


def test_a_login_that_works_costs_no_try_but_does_not_wash_the_address(conn: db.Connection, ann: User) -> None:
    for number in range(throttle.PER_ADDRESS - 1):
        fail(conn, f"guess{number}@example.org")
    fail(conn, ann.email, address="203.0.113.9")
    log_in(conn, ann.email, PASSWORD)
    rows = conn.execute("SELECT subject, count(*) AS n FROM login_failures GROUP BY subject").fetchall()
    counted = {row["subject"]: row["n"] for row in rows}
    assert "email:ann@example.org" not in counted
    assert counted[f"address:{HOME}/32"] == throttle.PER_ADDRESS - 1


def test_many_tries_at_once_do_not_slip_through(database_url: str) -> None:
    def attempt(_: int) -> bool:
        with psycopg.connect(database_url, row_factory=dict_row, autocommit=True) as conn:
            try:
                with conn.transaction():
                    fail(conn, "ann@example.org")
            except TooMany:
                return False
            return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(attempt, range(24))) == throttle.PER_EMAIL


@pytest.mark.parametrize("email", ["", "x" * 300, "ann\x00@example.org"])
def test_an_email_that_cannot_be_one_is_refused_at_its_field(conn: db.Connection, email: str) -> None:
    with pytest.raises(Invalid) as caught:
        logins.begin(conn, email=email, address=HOME)
    assert set(caught.value.errors) == {"email"}


def test_a_new_password_needs_the_present_one_and_ends_the_other_sessions(conn: db.Connection, ann: User) -> None:
    here, elsewhere = sessions.create(conn, user_id=ann.id), sessions.create(conn, user_id=ann.id)
    login = logins.begin_change(
        conn, actor=ann, password="quite another one", repeated="quite another one", address=HOME
    )
    with pytest.raises(Invalid) as caught:
        logins.verify_current(login, password="a wrong password")
    assert set(caught.value.errors) == {"current"}
    logins.verify_current(login, password=PASSWORD)
    logins.change_password(conn, login=login, password="quite another one", token=here)
    assert sessions.find(conn, token=here) and not sessions.find(conn, token=elsewhere)
    log_in(conn, ann.email, "quite another one")
    with pytest.raises(Conflict):
        logins.change_password(conn, login=login, password="a third one of mine", token=here)


def test_a_bad_new_password_costs_no_try(conn: db.Connection, ann: User) -> None:
    for password, repeated, field in (("short", "short", "password"), (PASSWORD, PASSWORD + "x", "repeated")):
        with pytest.raises(Invalid) as caught:
            logins.begin_change(conn, actor=ann, password=password, repeated=repeated, address=HOME)
        assert set(caught.value.errors) == {field}
    assert conn.execute("SELECT 1 FROM login_failures").fetchone() is None
