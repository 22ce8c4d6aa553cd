"""The workflow's rows as everybody reads them: stages, sub-stages, fields. How they are changed is workflow_steps.py,
workflow_fields.py, workflow_order.py and workflow_archival.py; what a post has in them is in fields.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound
from blogforge_llm.records.editorial import Field, Scope, Stage, Substage, Workflow

sql = db.load("editorial/workflow")


class StepArchived(NotFound):
    """The step is archived; work goes on in `successor`."""

    def __init__(self, substage: Substage, successor: Substage) -> None:
        super().__init__(f"The step “{substage.name}” was archived. Its texts are kept.")
        self.successor = successor


def list_stages(conn: db.Connection) -> list[Stage]:
    """As posts show them, in order: those in use, with their sub-stages and fields. What has no field yet is left
    out."""
    return stages_of(list(sql.list_stages(conn)), list(sql.list_substages(conn)), list_fields(conn))


def stages_of(rows: list[dict[str, Any]], substages: list[dict[str, Any]], fields: Iterable[Field]) -> list[Stage]:
    """The same of rows that were read already."""
    steps = _substages(substages, [field for field in fields if field.is_living])
    asking = [step for step in steps if step.is_living and step.every_field]
    return [stage for stage in _stages([row for row in rows if row["archived_at"] is None], asking) if stage.substages]


def everything(conn: db.Connection) -> Workflow:
    """Archived rows too."""
    stages = _stages(list(sql.list_stages(conn)), _substages(list(sql.list_substages(conn)), list_every_field(conn)))
    return Workflow(sql.get_version(conn), stages)


def list_substages(conn: db.Connection) -> list[Substage]:
    """Those in use, in order, with their fields."""
    return [step for step in _substages(list(sql.list_substages(conn)), list_fields(conn)) if step.is_living]


def get_substage(conn: db.Connection, *, key: str) -> Substage:
    """One in use. Raises StepArchived for one that is not any more, NotFound for what never was."""
    every = _substages(list(sql.list_substages(conn)), list_fields(conn))
    living = [substage for substage in every if substage.is_living]
    found = next((substage for substage in every if substage.key == key), None)
    if found is None:
        raise NotFound("The workflow has no such step.")
    if not found.is_living:
        raise StepArchived(found, next((each for each in living if each.position > found.position), living[-1]))
    return found


def list_fields(conn: db.Connection, *, scope: Scope | None = None) -> list[Field]:
    """Those in use in the order of the pages; all of them, or those of one scope."""
    return [field for field in list_every_field(conn) if field.is_living and scope in (None, field.scope)]


def list_every_field(conn: db.Connection) -> list[Field]:
    """Archived ones too."""
    return [field_of(row) for row in sql.list_fields(conn)]


def field_at(conn: db.Connection, *, key: str, section_id: int | None) -> Field:
    """The field of a section, or of the post when none is named, archived or not. Raises NotFound when it has no such
    field."""
    field = get_field(conn, key=key)
    if (field.scope == Scope.SECTION) != (section_id is not None):
        whose = "Posts have" if section_id is None else "Sections have"
        raise NotFound(f"{whose} no field “{key}”.")
    return field


def get_field(conn: db.Connection, *, key: str) -> Field:
    """Whatever its scope, archived or not. Raises NotFound, also for a key no row could have."""
    row = sql.get_field(conn, key=key) if key.isprintable() else None
    if row is None:
        raise NotFound(f"Posts have no field “{key[:100]}”." if key.isprintable() else "Posts have no such field.")
    return field_of(row)


def require_living(field: Field) -> None:
    """Raises Conflict for an archived field, or one of an archived step."""
    if not field.is_living:
        raise Conflict(
            f"“{field.name}” was archived, so nothing was changed. Its texts are kept, and an admin can bring it back."
        )


def _stages(rows: list[dict[str, Any]], substages: list[Substage]) -> list[Stage]:
    return [
        Stage(**row, substages=[substage for substage in substages if substage.stage_key == row["key"]]) for row in rows
    ]


def _substages(rows: list[dict[str, Any]], fields: list[Field]) -> list[Substage]:
    found: dict[str, tuple[list[Field], list[Field]]] = {}
    for field in fields:
        own, other = found.setdefault(field.substage_key, ([], []))
        (own if field.scope == Scope.POST else other).append(field)
    return [
        Substage(**row, fields=found.get(row["key"], ([], []))[0], other_fields=found.get(row["key"], ([], []))[1])
        for row in rows
    ]


def field_of(row: dict[str, Any]) -> Field:
    return Field(**row | {"scope": Scope(row["scope"])})
