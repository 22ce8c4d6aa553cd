"""Putting stages, sub-stages and fields away, and bringing them back. Nothing written in them is touched: what is
archived is left out of new work, stays readable in the history, and comes back as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Field, Stage, Substage, Workflow
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import workflow, workflow_naming, workflow_order
from blogforge_llm.services.editorial.workflow_fields import BUILT_IN
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import wording

sql = db.load("editorial/workflow")

Row = Stage | Substage | Field


class Noun(StrEnum):
    STAGE = "stage"
    SUBSTAGE = "substage"
    FIELD = "field"


_SET = {
    Noun.STAGE: sql.set_stage_archived, Noun.SUBSTAGE: sql.set_substage_archived, Noun.FIELD: sql.set_field_archived,
}  # fmt: skip
_LOOK: dict[Noun, Callable[[Workflow, int], Row]] = {
    Noun.STAGE: workflow_order.stage_of, Noun.SUBSTAGE: workflow_order.substage_of,
    Noun.FIELD: workflow_order.field_of,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Impact:
    """What archiving would do. `fields` leave the pages with it; `problems` refuse it."""

    noun: Noun
    row: Row
    fields: list[Field]
    texts: int
    posts: int
    waiting: int
    blocking: list[workflow_naming.Naming]
    problems: list[str]


def impact(conn: db.Connection, *, actor: User, noun: Noun, row_id: int) -> Impact:
    """Before anybody decides; nothing changes."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    return _impact(conn, workflow.everything(conn), noun, row_id)


def archive(conn: db.Connection, *, actor: User, noun: Noun, row_id: int) -> Row:
    """Raises Conflict naming what the product needs and the prompts that need a field. Again does nothing."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    found = _impact(conn, workflow_order.lock(conn), noun, row_id)
    if found.row.archived_at is not None:
        return found.row
    if found.problems:
        raise Conflict(" ".join(found.problems))
    return _set(conn, actor, noun, found.row, is_archived=True)


def restore(conn: db.Connection, *, actor: User, noun: Noun, row_id: int) -> Row:
    """Back to where it was, with all that is written in it. What it is part of may still be archived. Again does
    nothing."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    row = find(workflow_order.lock(conn), noun, row_id)
    return row if row.archived_at is None else _set(conn, actor, noun, row, is_archived=False)


def find(found: Workflow, noun: Noun, row_id: int) -> Row:
    """Raises NotFound."""
    return _LOOK[noun](found, row_id)


def _impact(conn: db.Connection, found: Workflow, noun: Noun, row_id: int) -> Impact:
    row = find(found, noun, row_id)
    leaving = [field for field in _fields_of(found, row) if field.is_living]
    ids, keys = [field.id for field in leaving], [field.key for field in leaving]
    blocking = workflow_naming.still_asking(conn, keys, leaving=ids) if leaving else []
    return Impact(
        noun, row, leaving, **sql.count_texts(conn, field_ids=ids), blocking=blocking,
        problems=_problems(row, leaving, blocking),
    )  # fmt: skip


def _fields_of(found: Workflow, row: Row) -> list[Field]:
    if isinstance(row, Field):
        return [row]
    steps = row.substages if isinstance(row, Stage) else [row]
    return [field for step in steps for field in step.every_field]


def _problems(row: Row, leaving: Sequence[Field], blocking: Sequence[workflow_naming.Naming]) -> list[str]:
    problems = []
    if needed := [field.name for field in leaving if field.key in BUILT_IN]:
        problems.append(
            f"The product itself works with {wording.listed(needed)}, so “{row.name}” stays in use."
            + ("" if isinstance(row, Field) else " Move other fields out of it, or archive them one by one.")
        )
    if blocking:
        names = [naming.template.name for naming in blocking]
        problems.append(
            f"Prompts still need what is written here: {wording.listed(names)}. Take the variable out of them, or "
            "archive them, first."
        )
    return problems


def _set(conn: db.Connection, actor: User, noun: Noun, row: Row, *, is_archived: bool) -> Row:
    _SET[noun](conn, row_id=row.id, is_archived=is_archived)
    audit.record(
        conn, actor=actor, action="archive" if is_archived else "restore", noun=noun, noun_id=row.key, detail=row.name
    )
    return find(workflow_order.changed(conn), noun, row.id)
