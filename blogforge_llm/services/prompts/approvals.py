"""The second person: a template may ask that nobody publishes what they wrote, neither its versions nor those of the
parts it speaks. What a version is stands in parts.py and templates.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.prompts import PartVersion, Proposal, TemplateVersion
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import wording

sql = db.load("prompts/approvals")


def require_other(version: PartVersion | TemplateVersion, *, actor: User, guarding: Sequence[str]) -> None:
    """Raises Forbidden for who wrote the version, unless somebody else answered for it once. `guarding` are the
    templates that ask for a second person; without any, everybody may."""
    is_approved = version.published_by is not None and version.published_by != version.created_by
    if guarding and version.created_by == actor.id and not is_approved:
        raise Forbidden(
            f"You wrote version {version.number}, and {wording.listed(guarding)} needs a second person: "
            "somebody else who keeps prompts must publish it. It waits under Proposals."
        )


def require_none(guarding: Sequence[str]) -> None:
    """Raises Conflict where new words would be put to use by whoever writes them."""
    if guarding:
        raise Conflict(
            f"{wording.listed(guarding)} needs a second person. Save this for later: it becomes a proposal, which "
            "somebody else publishes."
        )


def list_waiting(conn: db.Connection, *, actor: User, limit: int | None = None, offset: int = 0) -> list[Proposal]:
    """Every version that waits to be published, the oldest first."""
    permissions.require(actor, Permission.READ)
    return [Proposal(**row) for row in sql.list_waiting(conn, limit=limit, offset=offset)]


def count_waiting(conn: db.Connection) -> int:
    number: int = sql.count_waiting(conn)
    return number
