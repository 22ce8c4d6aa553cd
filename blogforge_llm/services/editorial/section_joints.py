"""Two sections made one, and one made two. Both can be undone; no text is lost either way."""

from __future__ import annotations

import re

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import FieldKind, Origin, Value
from blogforge_llm.records.sections import EventKind, Move, Section, TextChange
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, items, section_events, sections

_BREAK = re.compile(r"\n[ \t]*\n\s*")  # between two paragraphs


def merge(conn: db.Connection, *, actor: User, section_id: int, into_id: int, version: int | None = None) -> Section:
    """The texts of both in reading order in `into_id`, field by field, and all items; a line (heading, caption) stays
    as it is there unless it is empty. The other section is deleted and keeps its own texts.

    Raises Conflict when the order moved on from `version`.
    """
    permissions.require(actor, Permission.WRITE_POSTS)
    post_id = sections.post_of(conn, section_id=section_id)
    found = sections.lock(conn, post_id=post_id, version=version)
    if section_id == into_id:
        raise Unfit.field("into", "Choose another section to merge this one into.")
    source, target = found.get(section_id), found.get(into_id)
    source_is_first = found.order.index(section_id) < found.order.index(into_id)
    theirs = fields.list_values(conn, post_id=post_id, section_id=section_id)
    texts = []
    for mine, other in zip(fields.list_values(conn, post_id=post_id, section_id=into_id), theirs, strict=True):
        joined = _joined(other, mine) if source_is_first else _joined(mine, other)
        if mine.field.kind == FieldKind.LINE:
            joined = mine.text or other.text
        if joined != mine.text:
            texts.append(_write(conn, actor, post_id, mine, joined, Origin.MERGED))
    own = [item for item in items.list_for(conn, post_id=post_id) if item.section_id == section_id]
    moves = [Move(item.id, section_id, into_id) for item in own]
    section_events.record(
        conn, actor=actor, post_id=post_id, kind=EventKind.MERGED, before=found.order,
        after=[each for each in found.order if each != section_id], moves=moves, texts=texts,
        summary=f"Merged {source.name[:60]} into {target.name[:60]}",
    )  # fmt: skip
    return sections.get(conn, section_id=into_id)


def split(
    conn: db.Connection, *, actor: User, section_id: int, field_key: str, at: int, heading: str,
    base_revision_id: int | None, version: int | None = None,
) -> Section:  # fmt: skip
    """The paragraphs of one text from the one numbered `at` (from 0) on become that text of a new section right behind
    this one. Everything else stays where it is. Returns the new section.

    Raises Conflict when the text moved on from `base_revision_id`, or the order from `version`.
    """
    permissions.require(actor, Permission.WRITE_POSTS)
    post_id = sections.post_of(conn, section_id=section_id)
    found = sections.lock(conn, post_id=post_id, version=version)
    section = found.get(section_id)
    value = fields.get(conn, post_id=post_id, section_id=section_id, field_key=field_key)
    if not heading.strip():
        raise Invalid.field("heading", "The new section needs a heading.")
    if (value.revision.id if value.revision else None) != base_revision_id:
        raise Conflict(f"“{value.field.name}” was changed meanwhile, so nothing was split. Choose the place again.")
    first, second = cut(value.text, at)
    new_id = sections.create(conn, post_id=post_id, found=found)
    place = found.order.index(section_id) + 1
    after = [*found.order[:place], new_id, *found.order[place:]]
    section_events.arrange(conn, post_id=post_id, before=found.order, after=after)
    texts = [_write(conn, actor, post_id, value, first, Origin.SPLIT)]
    for key, text, origin in ((sections.HEADING, heading, Origin.TYPED), (field_key, second, Origin.SPLIT)):
        sections.write_first(
            conn, actor=actor, post_id=post_id, section_id=new_id, field_key=key, text=text, origin=origin
        )
    new = sections.get(conn, section_id=new_id)
    section_events.record(
        conn, actor=actor, post_id=post_id, kind=EventKind.SPLIT, before=found.order, after=after, texts=texts,
        is_arranged=True, summary=f"Split {section.name[:60]}; the rest is {new.name[:60]}",
    )  # fmt: skip
    return new


def paragraphs(text: str) -> list[str]:
    """What stands between empty lines."""
    return [text[start:end].strip() for start, end in _spans(text)]


def cut(text: str, at: int) -> tuple[str, str]:
    """The text before and from its paragraph `at` on. Raises Invalid when either would be empty."""
    spans = _spans(text)
    if not 1 <= at < len(spans):
        raise Unfit.field("at", "Choose a paragraph that is not the first: both sections need a text.")
    start = spans[at][0]
    return text[:start].rstrip(), text[start:]


def _spans(text: str) -> list[tuple[int, int]]:
    """Where each paragraph begins, and where the next one does."""
    starts = [0, *(match.end() for match in _BREAK.finditer(text))]
    ends = [*starts[1:], len(text)]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if text[start:end].strip()]


def _joined(first: Value, second: Value) -> str:
    between = "\n" if first.field.kind == FieldKind.LIST else "\n\n"
    return between.join(value.text for value in (first, second) if value.text.strip())


def _write(conn: db.Connection, actor: User, post_id: int, value: Value, text: str, origin: Origin) -> TextChange:
    assert value.section_id is not None
    before = value.revision.id if value.revision else None
    revision = fields.save(
        conn, actor=actor, post_id=post_id, section_id=value.section_id, field_key=value.field.key, text=text,
        base_revision_id=before, origin=origin,
    )  # fmt: skip
    return TextChange(value.section_id, value.field.key, before, revision.id if revision else None)
