"""Stages and sub-stages: added, renamed, moved. Keys are made from the first name and stay, for addresses hold them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Invalid, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Stage, Substage, Workflow
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import titles, workflow, workflow_order
from blogforge_llm.services.ops import audit

sql = db.load("editorial/workflow")

ICONS = (
    "lightbulb", "search", "bars", "layers", "pen-nib", "info", "image", "plane", "rocket", "share", "book", "chart",
    "chat", "check", "clock", "eye", "flask", "key", "link", "list", "sparkles", "target", "users", "bolt",
)  # fmt: skip
MOST = 30  # stages, and sub-stages of one stage, archived ones included
_LONGEST_NAME = 60
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


def create_stage(conn: db.Connection, *, actor: User, name: str, key: str | None = None) -> Stage:
    """Behind the others, without a step yet. Raises Invalid, and Conflict for a key that is taken."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    found = workflow_order.lock(conn)
    _require_room(len(found.stages), "The workflow has", "stages")
    name = _name(name)
    key = _key(name, key, {stage.key for stage in found.stages})
    with _unique(conn, "stages_key_key", "stage", key):
        stage_id = sql.create_stage(conn, key=key, name=name)
    stage = workflow_order.stage_of(workflow_order.changed(conn), stage_id)
    _audit(conn, actor, "create", "stage", None, stage)
    return stage


def update_stage(conn: db.Connection, *, actor: User, stage_id: int, name: str) -> Stage:
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    before = workflow_order.stage_of(workflow_order.lock(conn), stage_id)
    sql.update_stage(conn, stage_id=stage_id, name=_name(name))
    after = workflow_order.stage_of(workflow.everything(conn), stage_id)
    _audit(conn, actor, "update", "stage", before, after)
    return after


def create_substage(
    conn: db.Connection, *, actor: User, stage_id: int, name: str, icon: str = ICONS[0], key: str | None = None
) -> Substage:
    """As the last one of the stage, without a field yet. Raises Invalid, and Conflict for a key that is taken."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    found = workflow_order.lock(conn)
    stage = _living_stage(found, stage_id)
    _require_room(len(stage.substages), "The stage has", "sub-stages")
    name = _name(name)
    key = _key(name, key, {substage.key for substage in found.substages})
    with _unique(conn, "substages_key_key", "sub-stage", key):
        substage_id = sql.create_substage(conn, stage_id=stage_id, key=key, name=name, icon=_icon(icon))
    substage = workflow_order.substage_of(workflow_order.changed(conn), substage_id)
    _audit(conn, actor, "create", "substage", None, substage)
    return substage


def update_substage(
    conn: db.Connection, *, actor: User, substage_id: int, name: str | None = None, icon: str | None = None,
    stage_id: int | None = None,
) -> Substage:  # fmt: skip
    """Change what is given; one that goes to another stage becomes the last one there."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    found = workflow_order.lock(conn)
    before = workflow_order.substage_of(found, substage_id)
    own = next(stage for stage in found.stages if stage.key == before.stage_key)
    target = own if stage_id in (None, own.id) else _living_stage(found, stage_id or 0)
    if target is not own:
        _require_room(len(target.substages), "The stage has", "sub-stages")
    sql.update_substage(
        conn, substage_id=substage_id, stage_id=target.id, name=before.name if name is None else _name(name),
        icon=before.icon if icon is None else _icon(icon, before.icon),
    )  # fmt: skip
    if target is not own:
        sql.arrange_substages(conn, ids=[each.id for each in target.substages] + [substage_id])
        found = workflow_order.changed(conn)
    after = workflow_order.substage_of(workflow.everything(conn), substage_id)
    _audit(conn, actor, "update", "substage", before, after)
    return after


def _living_stage(found: Workflow, stage_id: int) -> Stage:
    stage = next((stage for stage in found.stages if stage.id == stage_id), None)
    if stage is None:
        raise Unfit.field("stage_id", "There is no such stage. Choose another one.")
    if stage.archived_at is not None:
        raise Unfit.field("stage_id", f"The stage “{stage.name}” is archived. Choose another one, or bring it back.")
    return stage


def _name(text: str) -> str:
    return texts.line(text, name="name", label="Name", max_length=_LONGEST_NAME)


def _key(name: str, key: str | None, taken: Collection[str]) -> str:
    """The one given, else a free one made from the name."""
    if key is None:
        stem = re.sub("^(?=[0-9])", "step_", titles.slug(name).replace("-", "_"))[:50]
        return next(each for n in itertools.count(1) if (each := stem if n == 1 else f"{stem}_{n}") not in taken)
    if not _KEY.fullmatch(key):
        raise Invalid.field("key", "A key is lower-case letters, digits and _, and begins with a letter: fact_check.")
    return key


def _icon(icon: str, own: str = "") -> str:
    if icon not in ICONS and icon != own:
        raise Invalid.field("icon", f"There is no icon “{icon[:50]}”. Choose one of {', '.join(ICONS)}.")
    return icon


def _require_room(number: int, whose: str, what: str) -> None:
    if number >= MOST:
        raise Unfit.field("name", f"{whose} {MOST} {what}, archived ones included. Rename and use one of those.")


def _unique(conn: db.Connection, constraint: str, noun: str, key: str) -> AbstractContextManager[None]:
    message = (
        f"There is a {noun} with the key “{key}” already, perhaps an archived one. Choose another name, or use it."
    )
    return uniqueness.guard(conn, constraint=constraint, message=message)


def _audit(
    conn: db.Connection, actor: User, action: str, noun: str, before: Stage | Substage | None, after: Stage | Substage
) -> None:
    if before is None or _told(before) != _told(after):
        audit.record(
            conn, actor=actor, action=action, noun=noun, noun_id=after.key, detail=after.name,
            before=_told(before) if before else None, after=_told(after),
        )  # fmt: skip


def _told(row: Stage | Substage) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("name", "icon", "stage_key") if hasattr(row, name)}
