"""The history of a field: every value with its origin, and the way back to any of them."""

from __future__ import annotations

from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Origin, Revision
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields

sql = db.load("editorial/revisions")

_NEWEST = 2**63 - 1


def list_(
    conn: db.Connection,
    *,
    post_id: int,
    field_key: str,
    section_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Revision]:
    """The newest first, below `before_id`."""
    field = fields.get(conn, post_id=post_id, section_id=section_id, field_key=field_key).field
    before = _NEWEST if before_id is None else before_id
    rows = sql.list_revisions(
        conn, post_id=post_id, section_id=section_id, field_id=field.id, before_id=before, limit=limit
    )
    return [Revision(**row) for row in rows]


def get(conn: db.Connection, *, revision_id: int) -> Revision:
    row = sql.get_revision(conn, revision_id=revision_id)
    if row is None:
        raise NotFound("There is no such revision. It may be an autosave that a later one took the place of.")
    return Revision(**row)


def restore(
    conn: db.Connection,
    *,
    actor: User,
    post_id: int,
    field_key: str,
    section_id: int | None = None,
    revision_id: int | None,
    base_revision_id: int | None,
) -> Revision | None:
    """An older value again, as a new revision; revision None is the empty field before the first one.

    Raises Conflict when the field moved on from `base_revision_id`.
    """
    permissions.require(actor, Permission.WRITE_POSTS)
    text = ""
    if revision_id is not None:
        revision = get(conn, revision_id=revision_id)
        if (revision.post_id, revision.section_id, revision.field_key) != (post_id, section_id, field_key):
            raise NotFound("This field has no such revision.")
        text = revision.text
    return fields.save(
        conn, actor=actor, post_id=post_id, section_id=section_id, field_key=field_key, text=text,
        base_revision_id=base_revision_id, origin=Origin.RESTORED, restored_from_id=revision_id,
    )  # fmt: skip


def yield_to(
    conn: db.Connection,
    *,
    actor: User,
    post_id: int,
    field_key: str,
    section_id: int | None = None,
    text: str,
    revision_id: int | None,
) -> Revision | None:
    """Give way to what somebody else saved: `text` becomes a revision over theirs, and theirs the newest again."""
    place: dict[str, Any] = {"post_id": post_id, "section_id": section_id, "field_key": field_key}
    mine = fields.save(conn, actor=actor, **place, text=text, base_revision_id=revision_id)
    if mine is None or mine.id == revision_id:
        return mine
    return restore(conn, actor=actor, **place, revision_id=revision_id, base_revision_id=mine.id)
