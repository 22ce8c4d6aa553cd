"""People with an account: who they are, their role, whether they may come in. Logging in is logins.py."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import Permission, Role, User
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import passwords, permissions, sessions
from blogforge_llm.services.ops import audit

_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\.]+(\.[^@\s<>,;:\"()\[\]\\.]+)*")

sql = db.load("accounts/users")


def create(conn: db.Connection, *, actor: User, email: str, name: str, role: str, password: str) -> User:
    """Raises Conflict when the e-mail is taken, Invalid for what does not fit."""
    permissions.require(actor, Permission.KEEP_USERS)
    return add(conn, actor=actor, email=email, name=name, role=role, password=password)


def add(conn: db.Connection, *, email: str, name: str, role: str, password: str, actor: User | None = None) -> User:
    """Create without asking who wants it: only for set-up and the terminal."""
    email, name = _email(email), texts.line(name, name="name", label="Name")
    passwords.check(password, email=email)
    with _taken(conn, email):
        row = sql.create_user(
            conn, email=email, name=name, role=_role(role), password_hash=passwords.hash_(password)
        )  # fmt: skip
    user = User(**row)
    audit.record(conn, actor=actor, action="create", noun="user", noun_id=user.id, detail=user.name, after=user)
    return user


def get(conn: db.Connection, *, actor: User, user_id: int) -> User:
    """Raises NotFound."""
    permissions.require(actor, Permission.KEEP_USERS)
    row = sql.get_user(conn, user_id=user_id)
    if row is None:
        raise NotFound("There is no such user.")
    return User(**row)


def find(conn: db.Connection, *, user_id: int) -> User | None:
    """For what goes on in somebody's name; no permission is asked."""
    row = sql.get_user(conn, user_id=user_id)
    return None if row is None else User(**row)


def find_by_email(conn: db.Connection, *, email: str) -> User | None:
    """For the terminal; upper and lower case do not matter."""
    row = sql.get_user_by_email(conn, email=texts.line(email, name="email", label="E-mail", max_length=254))
    return None if row is None else User(**row)


def list_(conn: db.Connection, *, actor: User, limit: int | None = None, offset: int = 0) -> list[User]:
    """Those who may come in first, then by name."""
    permissions.require(actor, Permission.KEEP_USERS)
    return [User(**row) for row in sql.list_users(conn, limit=limit, offset=offset)]


def count(conn: db.Connection) -> int:
    number: int = sql.count_users(conn)
    return number


def update(
    conn: db.Connection, *, actor: User, user_id: int, email: str | None = None, name: str | None = None,
    role: str | None = None, is_active: bool | None = None,
) -> User:  # fmt: skip
    """Change what is given. Who is deactivated is logged out at once. Raises Conflict for the last active admin, and
    for who would lock themselves out."""
    permissions.require(actor, Permission.KEEP_USERS)
    admins = {row["id"] for row in sql.lock_admins(conn)}
    user = get(conn, actor=actor, user_id=user_id)
    new_role = user.role if role is None else _role(role)
    new_active = user.is_active if is_active is None else is_active
    if admins == {user_id} and not (new_active and new_role == Role.ADMIN):
        raise Conflict("This is the last active admin. Make somebody else an admin first.")
    if user_id == actor.id and not (new_active and new_role == user.role):
        raise Conflict("Nobody takes their own access away. Ask another admin.")
    new_email = user.email if email is None else _email(email)
    new_name = user.name if name is None else texts.line(name, name="name", label="Name")
    with _taken(conn, new_email):
        row = sql.update_user(
            conn, user_id=user_id, email=new_email, name=new_name, role=new_role, is_active=new_active
        )  # fmt: skip
    if not new_active:
        sessions.end_all(conn, user_id=user_id)
    audit.record(
        conn,
        actor=actor,
        action="update",
        noun="user",
        noun_id=user_id,
        detail=user.name,
        before=user,
        after=User(**row),
    )
    return User(**row)


def rename(conn: db.Connection, *, actor: User, name: str) -> User:
    """Everybody may change their own name."""
    permissions.require(actor, Permission.READ)
    name = texts.line(name, name="name", label="Name")
    row = sql.rename_user(conn, user_id=actor.id, name=name)
    return User(**row)


def delete(conn: db.Connection, *, actor: User, user_id: int) -> None:
    """Sessions, tokens and own keys go too; texts stay, without the name. Raises Conflict for the last active
    admin and for oneself."""
    permissions.require(actor, Permission.KEEP_USERS)
    admins = {row["id"] for row in sql.lock_admins(conn)}
    user = get(conn, actor=actor, user_id=user_id)
    if admins == {user.id}:
        raise Conflict("This is the last active admin. Make somebody else an admin first.")
    if user.id == actor.id:
        raise Conflict("Nobody deletes their own account. Ask another admin.")
    sql.delete_user(conn, user_id=user.id)
    audit.record(conn, actor=actor, action="delete", noun="user", noun_id=user.id, detail=user.name, before=user)


def set_password(conn: db.Connection, *, actor: User, user_id: int, password: str) -> User:
    """An admin sets somebody's password: their sessions end. One's own is changed with logins.change_password."""
    permissions.require(actor, Permission.KEEP_USERS)
    user = get(conn, actor=actor, user_id=user_id)
    passwords.check(password, email=user.email)
    sql.update_password_hash(conn, user_id=user_id, password_hash=passwords.hash_(password))
    sessions.end_all(conn, user_id=user_id)
    audit.record(conn, actor=actor, action="set_password", noun="user", noun_id=user.id, detail=user.name)
    return user


def _taken(conn: db.Connection, email: str) -> AbstractContextManager[None]:
    message = f"Somebody already has the e-mail {email}. Use another one."
    return uniqueness.guard(conn, constraint="users_email_key", message=message)


def _email(text: str) -> str:
    email = texts.line(text, name="email", label="E-mail", max_length=254)
    if not _EMAIL.fullmatch(email):
        raise Invalid.field("email", "This is not an e-mail address. It looks like name@example.org.")
    return email


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise Invalid.field("role", f"A role is one of {', '.join(Role)}.") from error
