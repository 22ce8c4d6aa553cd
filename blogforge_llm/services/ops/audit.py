"""The log of what people did by hand: written in the transaction of the deed."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.ops import AuditEntry
from blogforge_llm.services.accounts import permissions

sql = db.load("ops/audit")


def record(conn: db.Connection, *, actor: User, action: str, noun: str, noun_id: str, detail: str = "") -> None:
    """`action` is a verb; `detail` says in words what it was done to, as it was called then."""
    sql.create_entry(conn, user_id=actor.id, action=action, noun=noun, noun_id=noun_id, detail=detail)


def list_(conn: db.Connection, *, actor: User, noun: str, limit: int = 50) -> list[AuditEntry]:
    """The newest first. For who keeps the registry."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    return [AuditEntry(**row) for row in sql.list_entries(conn, noun=noun, limit=limit)]
