"""`blogforge token create`: an API token from the terminal, alone on standard output, for scripts."""

from __future__ import annotations

import argparse

from blogforge_llm import db
from blogforge_llm.cli import database
from blogforge_llm.config import Settings
from blogforge_llm.errors import Conflict, NotFound
from blogforge_llm.services.accounts import tokens, users


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("token", help="create API tokens")
    verbs = parser.add_subparsers(dest="token_verb", required=True)
    create = verbs.add_parser("create", help="print a new API token of a user, once")
    create.add_argument("email", metavar="EMAIL")
    create.add_argument("--name", default="command line", help="what it is for (default: %(default)s)")
    create.set_defaults(run=run_create)


def run_create(args: argparse.Namespace, settings: Settings) -> int:
    """Errors are main's to print."""
    with database.pool(settings):
        text = create_token(args.email, args.name)
    print(text)
    return 0


def create_token(email: str, name: str = "command line") -> str:
    """The text of a new token. Raises NotFound for an unknown e-mail, Conflict for a deactivated user."""
    with db.transaction() as conn:
        user = users.find_by_email(conn, email=email)
        if user is None:
            raise NotFound(f"Nobody has the e-mail {email}. Create the user first: blogforge user create {email}")
        if not user.is_active:
            raise Conflict(f"{user.email} is deactivated. Activate the account first.")
        return tokens.create(conn, actor=user, name=name)[1]
