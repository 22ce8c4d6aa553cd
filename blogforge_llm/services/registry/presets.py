"""Presets: parameters kept under a name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Preset
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.registry import parameters as rules

sql = db.load("registry/presets")


def list_all(conn: db.Connection, *, limit: int = 1000, offset: int = 0) -> list[Preset]:
    return [Preset(**row) for row in sql.list_presets(conn, limit=limit, offset=offset)]


def count(conn: db.Connection) -> int:
    number: int = sql.count_presets(conn)
    return number


def get(conn: db.Connection, *, preset_id: int) -> Preset:
    row = sql.get_preset(conn, preset_id=preset_id)
    if row is None:
        raise NotFound("There is no such preset. It may have been deleted.")
    return Preset(**row)


def find_by_name(conn: db.Connection, *, name: str) -> Preset | None:
    row = sql.find_by_name(conn, name=name)
    return Preset(**row) if row is not None else None


def create(conn: db.Connection, *, actor: User, name: str, parameters: Mapping[str, Any]) -> Preset:
    """Raises Invalid for a parameter out of range, Conflict when the name is taken."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    name, cleaned = _clean_name(name), rules.clean(parameters)
    with _guard(conn, name):
        preset_id = sql.create_preset(conn, name=name, parameters=Jsonb(cleaned))
    preset = get(conn, preset_id=preset_id)
    audit.record(conn, actor=actor, action="create", noun="preset", noun_id=preset_id, detail=name, after=preset)
    return preset


def update(
    conn: db.Connection,
    *,
    actor: User,
    preset_id: int,
    name: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Preset:
    """Change what is given; `parameters` replaces all of them."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    preset = get(conn, preset_id=preset_id)
    name = preset.name if name is None else _clean_name(name)
    cleaned = preset.parameters if parameters is None else rules.clean(parameters)
    with _guard(conn, name):
        sql.update_preset(conn, preset_id=preset_id, name=name, parameters=Jsonb(cleaned))
    after = get(conn, preset_id=preset_id)
    audit.record(
        conn,
        actor=actor,
        action="update",
        noun="preset",
        noun_id=preset_id,
        detail=preset.name,
        before=preset,
        after=after,
    )
    return after


def delete(conn: db.Connection, *, actor: User, preset_id: int) -> Preset:
    """Raises Conflict while an action uses it, naming which; tasks keep the parameters they were sent with."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    preset = get(conn, preset_id=preset_id)
    actions = [row["name"] for row in sql.list_action_names(conn, preset_id=preset_id)]
    if actions:
        raise Conflict(f"{preset.name} is used by {', '.join(actions)}. Give these actions other parameters first.")
    sql.release_archived_actions(conn, preset_id=preset_id)
    sql.delete_preset(conn, preset_id=preset_id)
    audit.record(
        conn, actor=actor, action="delete", noun="preset", noun_id=preset_id, detail=preset.name, before=preset
    )
    return preset


def _clean_name(name: str) -> str:
    return texts.line(name, name="name", label="The name", max_length=100)


def _guard(conn: db.Connection, name: str) -> AbstractContextManager[None]:
    message = f"There is already a preset named {name}. Choose another name."
    return uniqueness.guard(conn, constraint="presets_name_key", message=message)
