"""The one table of who may do what. Services ask it; pages ask it only to leave out what would be refused."""

from __future__ import annotations

from blogforge_llm.errors import Forbidden
from blogforge_llm.records.accounts import Permission, Role, User

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.EDITOR: frozenset({Permission.READ, Permission.WRITE_POSTS, Permission.RUN_TASKS, Permission.PUBLISH_POSTS}),
    Role.VIEWER: frozenset({Permission.READ}),
}

_REFUSALS = {
    Permission.WRITE_POSTS: "Viewers can read posts but not change them. Ask an admin for the editor role.",
    Permission.RUN_TASKS: "Viewers cannot ask a model. Ask an admin for the editor role.",
    Permission.PUBLISH_POSTS: "Viewers cannot publish. Ask an admin for the editor role.",
}


def may(actor: User, permission: Permission) -> bool:
    return actor.is_active and permission in MATRIX[actor.role]


def require(actor: User, permission: Permission) -> None:
    """Raises Forbidden, saying whom to ask."""
    if not may(actor, permission):
        raise Forbidden(_REFUSALS.get(permission, "Only admins can do this. Ask one of them."))
