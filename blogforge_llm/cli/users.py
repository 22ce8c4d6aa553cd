"""`blogforge user create`: people from the terminal, for the first admin of a server and for scripts."""

from __future__ import annotations

import argparse
import getpass
import sys

from blogforge_llm import db
from blogforge_llm.cli import database
from blogforge_llm.config import Settings
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Role, User
from blogforge_llm.services.accounts import users


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("user", help="create users")
    verbs = parser.add_subparsers(dest="user_verb", required=True)
    create = verbs.add_parser("create", help="create a user who can log in")
    create.add_argument("email", metavar="EMAIL")
    create.add_argument("--role", choices=[str(role) for role in Role], required=True)
    create.add_argument("--name", help="shown beside what they write (default: the part before the @)")
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    create.set_defaults(run=run_create)


def run_create(args: argparse.Namespace, settings: Settings) -> int:
    """Errors are main's to print."""
    password = sys.stdin.readline().rstrip("\r\n") if args.password_stdin else _ask()
    with database.pool(settings):
        user = create_user(args.email, args.role, args.name, password)
    print(f"{user.email} can log in now, as {user.role}.")
    return 0


def create_user(email: str, role: str, name: str | None, password: str) -> User:
    """Raises DomainError saying what does not fit."""
    with db.transaction() as conn:
        return users.add(conn, email=email, name=name or email.partition("@")[0], role=role, password=password)


def _ask() -> str:
    try:
        password, repeated = getpass.getpass("Password: "), getpass.getpass("Password again: ")
    except EOFError as error:
        raise Invalid("No password was given. Type one, or use --password-stdin.") from error
    if password != repeated:
        raise Invalid("The two passwords differ. Type the same one twice.")
    return password
