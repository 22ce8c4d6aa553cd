"""Proving who one is: begin (tx) -> verify (slow, no connection held) -> finish (tx), for login and password change."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.accounts import LoginTry, User
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import passwords, sessions, throttle

sql = db.load("accounts/logins")


def begin(conn: db.Connection, *, email: str, address: str) -> LoginTry:
    """Count the try before it is made. Commit before `verify`, or a wrong password is not counted. Raises TooMany."""
    email = texts.line(email, name="email", label="E-mail", max_length=254)
    failure_ids = throttle.take(conn, email=email, address=address)
    row = sql.get_active_password(conn, email=email) or {"user_id": None, "password_hash": None}
    return LoginTry(email=email, failure_ids=failure_ids, **row)


def begin_change(conn: db.Connection, *, actor: User, password: str, repeated: str, address: str) -> LoginTry:
    """The same for one's own new password, which is checked first: a bad new one costs no try."""
    passwords.check(password, email=actor.email)
    if password != repeated:
        raise Invalid.field("repeated", "The two new passwords differ. Type the same one twice.")
    return begin(conn, email=actor.email, address=address)


def verify(login: LoginTry, *, password: str) -> None:
    """Raises Invalid; takes the same time whether the e-mail is known or not."""
    if not passwords.verify(login.password_hash, password):
        raise Invalid("The e-mail and the password do not fit together. Check both and try again.")


def verify_current(login: LoginTry, *, password: str) -> None:
    """`verify` for the form that asks for the present password. Raises Invalid at the field `current`."""
    if not passwords.verify(login.password_hash, password):
        raise Invalid.field("current", "This is not your present password.")


def finish(conn: db.Connection, *, login: LoginTry, password: str, old_token: str | None) -> str:
    """A new session for who was verified; the browser's old one ends, so that nobody can plant one."""
    user_id, password_hash = _proven(login)
    if sql.record_login(conn, user_id=user_id, password_hash=password_hash) is None:
        raise Conflict("The account was changed while you logged in. Try again.")
    if passwords.needs_rehash(password_hash):
        new_hash = passwords.hash_(password)
        sql.replace_password(conn, user_id=user_id, old_hash=password_hash, new_hash=new_hash)
    throttle.forgive(conn, email=login.email, failure_ids=login.failure_ids)
    if old_token:
        sessions.end(conn, token=old_token)
    return sessions.create(conn, user_id=user_id)


def change_password(conn: db.Connection, *, login: LoginTry, password: str, token: str) -> None:
    """After `begin_change` and `verify_current`. Every session ends but that of `token`."""
    user_id, old_hash = _proven(login)
    throttle.forgive(conn, email=login.email, failure_ids=login.failure_ids)
    new_hash = passwords.hash_(password)
    if sql.replace_password(conn, user_id=user_id, old_hash=old_hash, new_hash=new_hash) is None:
        raise Conflict("The password was changed meanwhile. Log in again with the newest one.")
    sessions.end_all(conn, user_id=user_id, except_token=token)


def _proven(login: LoginTry) -> tuple[int, str]:
    if login.user_id is None or login.password_hash is None:
        raise ValueError("verify the password first")
    return login.user_id, login.password_hash
