"""The workflow's reference rows: stages, sub-stages, fields. What a post has in them is in fields.py."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.editorial import Field, Stage, Substage

sql = db.load("editorial/workflow")


def list_stages(conn: db.Connection) -> list[Stage]:
    """All stages with their sub-stages and fields, in order."""
    substages = list_substages(conn)
    return [
        Stage(**row, substages=[substage for substage in substages if substage.stage_key == row["key"]])
        for row in sql.list_stages(conn)
    ]


def list_substages(conn: db.Connection) -> list[Substage]:
    fields = list_fields(conn)
    return [
        Substage(**row, fields=[field for field in fields if field.substage_key == row["key"]])
        for row in sql.list_substages(conn)
    ]


def get_substage(conn: db.Connection, *, key: str) -> Substage:
    for substage in list_substages(conn):
        if substage.key == key:
            return substage
    raise NotFound("The workflow has no such step.")


def list_fields(conn: db.Connection) -> list[Field]:
    return [Field(**row) for row in sql.list_fields(conn)]


def get_field(conn: db.Connection, *, key: str) -> Field:
    """Raises NotFound, also for a key no row could have."""
    row = sql.get_field(conn, key=key) if key.isprintable() else None
    if row is None:
        raise NotFound(f"Posts have no field “{key[:100]}”." if key.isprintable() else "Posts have no such field.")
    return Field(**row)
