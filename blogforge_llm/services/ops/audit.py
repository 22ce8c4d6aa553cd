"""The log of what people did to the installation: written in the transaction of the deed, so that it is there exactly
when that is. Never a secret: `_SECRET` members are left out whoever passes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db, tracing
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.ops import AuditEntry, AuditFilter
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions

sql = db.load("ops/audit")

_SECRET = frozenset({"api_key", "ciphertext", "password", "password_hash", "secret", "token", "token_hash"})
# What follows from other members or changes by itself.
_NOISE = frozenset({"id", "created_at", "updated_at", "last_login_at", "last_used_at", "tested_at", "library_hash"})
_LONGEST = 2000  # of one value: the whole words are in the versions
_AT_ONCE = 500


def record(
    conn: db.Connection, *, actor: User | None, action: str, noun: str, noun_id: object, detail: str = "",
    before: Any = None, after: Any = None,
) -> None:  # fmt: skip
    """`action` is a verb; `detail` says in words what it was done to, as it was called then. `before` and `after` are
    the row, as a dataclass or a mapping: what differs is kept. Without an actor it was done in the terminal."""
    sql.create_entry(
        conn, user_id=actor.id if actor else None, user_name=actor.name if actor else "", action=action, noun=noun,
        noun_id=str(noun_id), detail=detail, changes=Jsonb(changes(before, after)), request_id=tracing.request_id(),
    )  # fmt: skip


def changes(before: Any, after: Any) -> dict[str, list[Any]]:
    """Member -> [old, new], where they differ. A new row has no old values, and its empty ones are left out."""
    old, new = _members(before), _members(after)
    names = [name for name in {**old, **new} if name not in _SECRET | _NOISE]
    differing = [name for name in names if old.get(name) != new.get(name)]
    is_whole = before is None or after is None
    told = [name for name in differing if not is_whole or old.get(name) or new.get(name)]
    return {name: [old.get(name), new.get(name)] for name in told}


def list_(
    conn: db.Connection, *, actor: User, noun: str | None = None, chosen: AuditFilter | None = None,
    before_id: int | None = None, limit: int = 50,
) -> list[AuditEntry]:  # fmt: skip
    """The newest first; those before the entry `before_id`. For who keeps the registry, or with other nouns than its
    own the settings."""
    permissions.require(actor, Permission.KEEP_REGISTRY if noun else Permission.KEEP_SETTINGS)
    chosen = chosen or AuditFilter(noun=noun)
    rows = sql.list_entries(
        conn, user_id=chosen.user_id, noun=_name(chosen.noun), action=_name(chosen.action), since=chosen.since,
        until=chosen.until, before_id=before_id, limit=limit,
    )  # fmt: skip
    return [AuditEntry(**row) for row in rows]


def get(conn: db.Connection, *, actor: User, entry_id: int) -> AuditEntry:
    """Raises NotFound."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    row = sql.get_entry(conn, entry_id=entry_id)
    if row is None:
        raise NotFound("There is no such entry. It may be older than the settings keep.")
    return AuditEntry(**row)


def list_choices(conn: db.Connection, *, actor: User) -> tuple[list[str], list[str], list[tuple[int, str]]]:
    """What may be filtered by: nouns, actions, and people by id."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    nouns = [row["noun"] for row in sql.list_nouns(conn)]
    actions = [row["action"] for row in sql.list_actions(conn)]
    return nouns, actions, [(row["id"], row["name"]) for row in sql.list_people(conn)]


def export(conn: db.Connection, *, actor: User, chosen: AuditFilter) -> Iterator[AuditEntry]:
    """All of them, fetched in pieces as they are read; the permission is asked at once."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    return _export(conn, actor, chosen)


def _export(conn: db.Connection, actor: User, chosen: AuditFilter) -> Iterator[AuditEntry]:
    last: int | None = None
    while found := list_(conn, actor=actor, chosen=chosen, before_id=last, limit=_AT_ONCE):
        yield from found
        last = found[-1].id


def forget_old(conn: db.Connection, *, days: int, limit: int) -> int:
    """Upkeep: delete the oldest beyond so many days, at most `limit`."""
    count: int = sql.delete_old_entries(conn, days=days, limit=limit)
    return count


def _members(row: Any) -> dict[str, Any]:
    if row is None:
        return {}
    named = asdict(row) if is_dataclass(row) and not isinstance(row, type) else row
    return {name: _plain(value) for name, value in named.items()}


def _plain(value: Any) -> Any:
    """As JSON has it, and short."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items() if name not in _SECRET}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else str(value)[: _LONGEST - 1] + "…"
    return value if isinstance(value, bool | int | float) or value is None else str(value)


def _name(text: str | None) -> str | None:
    return texts.storable(text) if text else None
