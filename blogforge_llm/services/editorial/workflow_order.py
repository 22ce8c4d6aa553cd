"""The order of the workflow's rows, compared and set against the version of the whole, which every change raises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Field, Stage, Substage, Workflow
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import workflow
from blogforge_llm.services.ops import audit

sql = db.load("editorial/workflow")

Row = Stage | Substage | Field


def lock(conn: db.Connection, *, version: int | None = None) -> Workflow:
    """The workflow as nobody else can change it now. Raises Conflict when it is no longer that of `version`; None does
    not mind."""
    current = sql.lock(conn)
    found = workflow.everything(conn)
    if version is not None and version != current:
        raise Conflict(
            "Somebody changed the workflow meanwhile, so nothing was changed. Look at it and try again.",
            current={"version": current},
        )
    return found


def changed(conn: db.Connection) -> Workflow:
    """After a change: sub-stages numbered through, the version raised."""
    sql.renumber(conn)
    sql.raise_version(conn)
    return workflow.everything(conn)


def reorder_stages(conn: db.Connection, *, actor: User, order: Sequence[int], version: int) -> Workflow:
    """Exactly those in use in another order. Raises Conflict when the workflow moved on from `version`."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    found = lock(conn, version=version)
    return _reorder(conn, actor, found.stages, order, sql.arrange_stages, "workflow", "stages")


def reorder_substages(
    conn: db.Connection, *, actor: User, stage_id: int, order: Sequence[int], version: int
) -> Workflow:
    """The same for those of one stage."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    stage = stage_of(lock(conn, version=version), stage_id)
    return _reorder(conn, actor, stage.substages, order, sql.arrange_substages, "stage", stage.key)


def reorder_fields(
    conn: db.Connection, *, actor: User, substage_id: int, order: Sequence[int], version: int
) -> Workflow:
    """The same for those of one sub-stage, whatever their scope."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    substage = substage_of(lock(conn, version=version), substage_id)
    return _reorder(conn, actor, substage.every_field, order, sql.arrange_fields, "substage", substage.key)


def stage_of(found: Workflow, stage_id: int) -> Stage:
    for stage in found.stages:
        if stage.id == stage_id:
            return stage
    raise NotFound("The workflow has no such stage.")


def substage_of(found: Workflow, substage_id: int) -> Substage:
    for substage in found.substages:
        if substage.id == substage_id:
            return substage
    raise NotFound("The workflow has no such sub-stage.")


def field_of(found: Workflow, field_id: int) -> Field:
    for field in found.fields:
        if field.id == field_id:
            return field
    raise NotFound("The workflow has no such field.")


def _reorder(
    conn: db.Connection, actor: User, rows: Sequence[Row], order: Sequence[int], arrange: Callable[..., int],
    noun: str, noun_id: str,
) -> Workflow:  # fmt: skip
    living = [row.id for row in rows if row.archived_at is None]
    if sorted(order) != sorted(living):
        raise Unfit.field("order", "The order must name each one in use once, and no other one.")
    if list(order) == living:
        return workflow.everything(conn)
    arrange(conn, ids=_with_archived(rows, order))
    keys = {row.id: row.key for row in rows}
    audit.record(
        conn, actor=actor, action="reorder", noun=noun, noun_id=noun_id,
        before={"order": [keys[each] for each in living]}, after={"order": [keys[each] for each in order]},
    )  # fmt: skip
    return changed(conn)


def _with_archived(rows: Sequence[Row], order: Sequence[int]) -> list[int]:
    """Archived rows keep about the place to which they would come back."""
    ids = list(order)
    for place, row in enumerate(rows):
        if row.archived_at is not None:
            ids.insert(min(place, len(ids)), row.id)
    return ids
