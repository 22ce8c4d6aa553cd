"""Sections of the original's posts: their order, their texts, and the ideas and facts that were allocated to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import DomainError
from blogforge_llm.records.sections import EventKind, ItemKind, Move
from blogforge_llm.services.editorial import items, section_events
from blogforge_llm.services.editorial import sections as own
from blogforge_llm.services.legacy import fields, rows, values
from blogforge_llm.services.legacy.fields import Spot
from blogforge_llm.services.legacy.rows import Run, Taking
from blogforge_llm.services.legacy.source import Row, digest

_FIELDS: dict[str, tuple[str, ...]] = {  # of several columns the last one that is filled is what is read
    "section_heading": ("section_heading",),
    "section_description": ("section_description",),
    "section_draft": ("first_draft", "draft"),
    "section_text": ("uk_british", "optimization", "polished"),
    "section_image_concept": ("image_concepts",),
    "section_caption": ("image_captions",),
    "section_alt_text": ("image_meta_descriptions",),
}
_LISTS = {"ideas_to_include": ItemKind.IDEA, "facts_to_include": ItemKind.FACT}
_NOTED = ("generation", "highlighting", "image_prompts", "watermarking", "image_title")
_HANDLED = {
    "post_id", "section_order", "status", *_LISTS, *_NOTED, *(column for each in _FIELDS.values() for column in each)
}  # fmt: skip

Shared = frozenset[tuple[ItemKind, str]]


def take(conn: db.Connection, run: Run, post_id: int, found: Sequence[Row], elements: Sequence[Row]) -> None:
    """All sections of a post, and what V3 kept of them in rows of their own. An idea or fact of two of them is nobody's
    choice to make: it waits in the tray."""
    places: dict[tuple[ItemKind, str], set[str]] = {}
    for row in found:
        for kind, line in _items(row):
            places.setdefault((kind, _same(line)), set()).add(row.id)
    for row in elements:
        if (element := _element(row)) is not None:
            places.setdefault((element[0], _same(element[1])), set()).add(str(row.data.get("section_id")))
    shared = frozenset(item for item, ids in places.items() if len(ids) > 1)
    for row in sorted(found, key=_order):
        rows.take(conn, run, "post_section", row, lambda taking: _section(taking, post_id, shared))
    for row in elements:
        rows.take(conn, run, "post_section_elements", row, lambda taking: _take_element(taking, post_id, shared))


def _take_element(taking: Taking, post_id: int, shared: Shared) -> None:
    section_id = rows.find(taking.conn, taking.run, "post_section", taking.get("section_id"))
    taking.note("element_text", values.text_of(taking.get("element_text")))
    element = _element(taking.row)
    if element is None:
        taking.leave_out("it is empty, or something else than an idea or a fact: only those are allocated here")
    elif section_id is None:
        taking.leave_out(f"its section {taking.get('section_id')} was not imported")
    else:
        _allocate(taking, post_id, section_id, [element], shared)


def _element(row: Row) -> tuple[ItemKind, str] | None:
    kind = {"fact": ItemKind.FACT, "idea": ItemKind.IDEA}.get(str(row.data.get("element_type")).lower())
    line = " ".join(values.text_of(row.data.get("element_text")).text.split())
    return (kind, line) if kind and line else None


def _section(taking: Taking, post_id: int, shared: Shared) -> None:
    conn = taking.conn
    place = digest(taking.get("section_order"))
    if taking.before is None or taking.before.noun_id is None:
        outline = own.lock(conn, post_id=post_id, version=None)
        section_id = own.create(conn, post_id=post_id, found=outline)
        heading = values.name_of(taking.get("section_heading"), "a section", longest=80)
        section_events.record(
            conn, actor=taking.run.actor, post_id=post_id, kind=EventKind.ADDED, before=outline.order,
            after=[*outline.order, section_id], summary=f"Imported “{heading}”",
        )  # fmt: skip
    else:
        section_id = taking.before.noun_id
        if (known := taking.known.get("order")) and known.hash != place:
            taking.change("its place was changed in the source; the order here stays as it is")
    taking.became("section", section_id)
    taking.keep("order", "section", section_id, place)
    for key, columns in _FIELDS.items():
        fields.write(taking, Spot(post_id, key, section_id), columns)
    _write_notes(taking, post_id, section_id)
    kept = len(taking.kept)
    try:
        with taking.conn.transaction():
            _allocate(taking, post_id, section_id, _items(taking.row), shared)
    except DomainError as error:  # its texts are worth more than its lists
        del taking.kept[kept:]
        taking.conflict(f"ideas and facts: {error}")
    taking.tell_rest(_HANDLED)


def _write_notes(taking: Taking, post_id: int, section_id: int) -> None:
    """What has no field of its own, and lists that are none, under the names they had."""
    columns = [*_NOTED, *(column for column in _LISTS if not values.is_list(taking.get(column)))]
    told = []
    for column in columns:
        read = values.text_of(taking.get(column))
        if text := taking.note(column, read):
            told.append(f"{column.replace('_', ' ').capitalize()}:\n{text}")
            taking.change(f"{column}: in the section's notes")
    fields.write_text(taking, Spot(post_id, "section_notes", section_id), "\n\n".join(told), columns)


def _allocate(
    taking: Taking, post_id: int, section_id: int, wanted: Sequence[tuple[ItemKind, str]], shared: Shared
) -> None:
    """The ideas and facts to this section, each the first time it is seen; no one goes to two."""
    conn = taking.conn
    moves: dict[int, Move] = {}
    for kind in ItemKind:
        lines = [line for each, line in wanted if each is kind]
        if not lines:
            continue
        found = items.add_imported(conn, actor=taking.run.actor, post_id=post_id, kind=kind, lines=lines)
        for line, item in found.items():
            is_new = _place(kind, line) not in taking.known
            taking.keep(_place(kind, line), "item", item.id, digest(line))
            if (kind, _same(line)) in shared:
                if item.section_id is None and item.deleted_at is None:  # once somebody chose, that is it
                    taking.conflict(f"{item.code} “{line[:80]}” stands in several sections: it waits in the tray")
            elif is_new and item.section_id is None and item.deleted_at is None:
                moves[item.id] = Move(item.id, None, section_id)
            elif is_new and item.section_id != section_id:
                taking.conflict(f"{item.code} “{line[:80]}” is somewhere else here: it stays there")
    if moves:
        order = own.outline(conn, post_id=post_id).order
        section_events.record(
            conn, actor=taking.run.actor, post_id=post_id, kind=EventKind.ALLOCATED, before=order, after=order,
            moves=list(moves.values()), summary=f"Imported {len(moves)} ideas and facts",
        )  # fmt: skip


def _items(row: Row) -> list[tuple[ItemKind, str]]:
    """The ideas and facts of a section, where they are surely a list."""
    found: dict[tuple[ItemKind, str], str] = {}
    for column, kind in _LISTS.items():
        if values.is_list(row.data.get(column)):
            for line in values.lines_of(row.data.get(column)).text.split("\n"):
                if line.strip():
                    found.setdefault((kind, _same(line)), line.strip())
    return [(kind, line) for (kind, _), line in found.items()]


def _same(line: str) -> str:
    return " ".join(line.casefold().split())


def _place(kind: ItemKind, line: str) -> str:
    return f"{kind} {digest(_same(line)).hex()[:16]}"


def _order(row: Row) -> tuple[Any, ...]:
    """Counted from 0 or from 1; those without a place are last."""
    at = values.whole_number(row.data.get("section_order"))
    return (at is None, at or 0, values.whole_number(row.data.get("id")) or 0)
