"""The workflow's reference rows: stages, sub-stages, fields. What a post has in them is in fields.py."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.editorial import Field, Scope, Stage, Substage

sql = db.load("editorial/workflow")


def list_stages(conn: db.Connection) -> list[Stage]:
    """All stages with their sub-stages and fields, in order."""
    substages = list_substages(conn)
    return [
        Stage(**row, substages=[substage for substage in substages if substage.stage_key == row["key"]])
        for row in sql.list_stages(conn)
    ]


def list_substages(conn: db.Connection) -> list[Substage]:
    """In order, with their fields."""
    found: dict[str, tuple[list[Field], list[Field]]] = {}
    for field in list_fields(conn):
        own, other = found.setdefault(field.substage_key, ([], []))
        (own if field.scope == Scope.POST else other).append(field)
    return [
        Substage(**row, fields=found.get(row["key"], ([], []))[0], other_fields=found.get(row["key"], ([], []))[1])
        for row in sql.list_substages(conn)
    ]


def get_substage(conn: db.Connection, *, key: str) -> Substage:
    for substage in list_substages(conn):
        if substage.key == key:
            return substage
    raise NotFound("The workflow has no such step.")


def list_fields(conn: db.Connection, *, scope: Scope | None = None) -> list[Field]:
    """In the order of the pages; all of them, or those of one scope."""
    fields = [Field(**row | {"scope": Scope(row["scope"])}) for row in sql.list_fields(conn)]
    return fields if scope is None else [field for field in fields if field.scope == scope]


def field_at(conn: db.Connection, *, key: str, section_id: int | None) -> Field:
    """The field of a section, or of the post when none is named. Raises NotFound when it has no such field."""
    field = get_field(conn, key=key)
    if (field.scope == Scope.SECTION) != (section_id is not None):
        whose = "Posts have" if section_id is None else "Sections have"
        raise NotFound(f"{whose} no field “{key}”.")
    return field


def get_field(conn: db.Connection, *, key: str) -> Field:
    """Whatever its scope. Raises NotFound, also for a key no row could have."""
    row = sql.get_field(conn, key=key) if key.isprintable() else None
    if row is None:
        raise NotFound(f"Posts have no field “{key[:100]}”." if key.isprintable() else "Posts have no such field.")
    return Field(**row | {"scope": Scope(row["scope"])})
