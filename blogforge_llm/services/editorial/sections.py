"""Sections of a post: listed, added, put in order, deleted and restored. Merging and splitting is section_joints.py;
their texts, headings too, are values of their fields (fields.py), so ordering them never touches a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Origin
from blogforge_llm.records.sections import EventKind, Section
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, posts, section_events

sql = db.load("editorial/sections")

HEADING, DESCRIPTION, DRAFT, TEXT = "section_heading", "section_description", "section_draft", "section_text"
SUMMARY = "section_summary"
MOST = 200  # of one post, deleted ones included


@dataclass(frozen=True, slots=True)
class Outline:
    """All sections of a post. `version` rises with every change of their order."""

    version: int
    living: list[Section]
    deleted: list[Section]

    @property
    def order(self) -> list[int]:
        return [section.id for section in self.living]

    def get(self, section_id: int) -> Section:
        """A living one. Raises NotFound, and Conflict for a deleted one."""
        for section in self.living:
            if section.id == section_id:
                return section
        if any(section.id == section_id for section in self.deleted):
            raise Conflict("This section was deleted meanwhile. Restore it first.")
        raise NotFound("The post has no such section.")


def list_for(conn: db.Connection, *, post_id: int) -> list[Section]:
    """The living ones in their order."""
    return outline(conn, post_id=post_id).living


def outline(conn: db.Connection, *, post_id: int) -> Outline:
    posts.get(conn, post_id=post_id)
    return read(conn, post_id=post_id)


def read(conn: db.Connection, *, post_id: int) -> Outline:
    """The same for who knows the post to be there."""
    return outline_of(list(sql.list_sections(conn, post_id=post_id)), sql.get_version(conn, post_id=post_id))


def outline_of(rows: Sequence[Mapping[str, Any]], version: int) -> Outline:
    found = [Section(**row) for row in rows]
    living = [section for section in found if section.deleted_at is None]
    return Outline(version, living, [section for section in found if section.deleted_at is not None])


def get(conn: db.Connection, *, section_id: int) -> Section:
    """Living or deleted."""
    found = outline(conn, post_id=post_of(conn, section_id=section_id))
    return next(section for section in found.living + found.deleted if section.id == section_id)


def post_of(conn: db.Connection, *, section_id: int) -> int:
    post_id: int | None = sql.find_post_id(conn, section_id=section_id)
    if post_id is None:
        raise NotFound("There is no such section.")
    return post_id


def lock(conn: db.Connection, *, post_id: int, version: int | None) -> Outline:
    """The sections as nobody else can change them now. Raises Conflict when their order is no longer that of
    `version`; None does not mind."""
    fields.lock_live(conn, post_id=post_id)
    found = outline(conn, post_id=post_id)
    if version is not None and version != found.version:
        raise Conflict(
            "Somebody changed the order of the sections meanwhile, so nothing was changed. Look at it and try again.",
            current={"version": found.version, "order": found.order},
        )
    return found


def add(
    conn: db.Connection, *, actor: User, post_id: int, heading: str, description: str = "", after_id: int | None = None
) -> Section:
    """Behind `after_id`, else as the last one."""
    permissions.require(actor, Permission.WRITE_POSTS)
    found = lock(conn, post_id=post_id, version=None)
    if not heading.strip():
        raise Invalid.field("heading", "A section needs a heading. You can change it at any time.")
    section_id = create(conn, post_id=post_id, found=found)
    place = found.order.index(found.get(after_id).id) + 1 if after_id is not None else len(found.order)
    after = [*found.order[:place], section_id, *found.order[place:]]
    code = f"S{len(found.living) + len(found.deleted) + 1}"
    section_events.record(
        conn, actor=actor, post_id=post_id, kind=EventKind.ADDED, before=found.order, after=after,
        summary=f"Added {code} “{heading.strip()[:80]}”",
    )  # fmt: skip
    write_first(conn, actor=actor, post_id=post_id, section_id=section_id, field_key=HEADING, text=heading)
    write_first(conn, actor=actor, post_id=post_id, section_id=section_id, field_key=DESCRIPTION, text=description)
    return get(conn, section_id=section_id)


def create(conn: db.Connection, *, post_id: int, found: Outline) -> int:
    """A row that is not in the order yet. Raises Conflict when the post has as many as it can."""
    if len(found.living) + len(found.deleted) >= MOST:
        raise Conflict(f"A post has at most {MOST} sections, deleted ones included. Restore one of those and use it.")
    section_id: int = sql.create_section(conn, post_id=post_id)
    return section_id


def write_first(
    conn: db.Connection, *, actor: User, post_id: int, section_id: int, field_key: str, text: str,
    origin: Origin = Origin.TYPED,
) -> None:  # fmt: skip
    """The first text of a new section's field."""
    fields.save(
        conn, actor=actor, post_id=post_id, section_id=section_id, field_key=field_key, text=text,
        base_revision_id=None, origin=origin,
    )  # fmt: skip


def reorder(conn: db.Connection, *, actor: User, post_id: int, order: Sequence[int], version: int) -> Outline:
    """Exactly the living sections in another order. Raises Conflict when the order moved on from `version`."""
    permissions.require(actor, Permission.WRITE_POSTS)
    found = lock(conn, post_id=post_id, version=version)
    if sorted(order) != sorted(found.order):
        raise Unfit.field("order", "The order must name each section of the post once, and no other one.")
    if list(order) != found.order:
        section_events.record(
            conn, actor=actor, post_id=post_id, kind=EventKind.REORDERED, before=found.order, after=order,
            summary="Changed the order",
        )  # fmt: skip
    return outline(conn, post_id=post_id)


def delete(conn: db.Connection, *, actor: User, section_id: int) -> Section:
    """Put it away with all its texts; its items wait in the tray. Again does nothing."""
    permissions.require(actor, Permission.WRITE_POSTS)
    post_id = post_of(conn, section_id=section_id)
    found = lock(conn, post_id=post_id, version=None)
    if section_id in found.order:
        section = found.get(section_id)
        after = [each for each in found.order if each != section_id]
        section_events.record(
            conn, actor=actor, post_id=post_id, kind=EventKind.DELETED, before=found.order, after=after,
            summary=f"Deleted {section.name[:90]}",
        )  # fmt: skip
    return get(conn, section_id=section_id)


def restore(conn: db.Connection, *, actor: User, section_id: int) -> Section:
    """Back to about where it was, with its texts, and with those of its items that nobody moved. Again does nothing."""
    permissions.require(actor, Permission.WRITE_POSTS)
    section = get(conn, section_id=section_id)
    found = lock(conn, post_id=section.post_id, version=None)
    if section_id not in found.order:
        place = min(max(section.position - 1, 0), len(found.order))
        after = [*found.order[:place], section_id, *found.order[place:]]
        section_events.record(
            conn, actor=actor, post_id=section.post_id, kind=EventKind.RESTORED, before=found.order, after=after,
            summary=f"Restored {section.name[:90]}",
        )  # fmt: skip
    return get(conn, section_id=section_id)
