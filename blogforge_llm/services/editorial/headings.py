"""The post's list of headings made its sections: a proposal that people look at and correct, then one step that can be
undone. Nothing here happens by itself when the list changes.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Origin, Value
from blogforge_llm.records.sections import EventKind, Section, TextChange
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, section_events, sections

HEADINGS = "section_headings"
SOURCES = ("section_order", HEADINGS)  # the first that is filled
_ALIKE = 0.6  # how similar two headings are at least for one to be the other renamed; difflib's ratio
_LONGEST = 300  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """A heading of the list with the section it would name; None for a new one. `is_moved`: it changes its place among
    those that are there already."""

    heading: str
    section: Section | None
    is_moved: bool

    @property
    def change(self) -> str:
        if self.section is None:
            return "added"
        if self.section.deleted_at is not None:
            return "restored"
        if self.section.heading != self.heading:
            return "renamed"
        return "moved" if self.is_moved else "same"


@dataclass(frozen=True, slots=True)
class Proposal:
    """`removed` are the living sections that no heading names."""

    source: Value
    version: int
    rows: list[Row]
    removed: list[Section]
    known: list[Section]

    @property
    def changes(self) -> bool:
        return bool(self.removed) or any(row.change != "same" for row in self.rows)


def propose(conn: db.Connection, *, post_id: int) -> Proposal:
    """Equal headings first, living sections before deleted ones; then, among the living, the most alike."""
    source = _source(conn, post_id)
    outline = sections.outline(conn, post_id=post_id)
    wanted = read(source.text)
    matched = match(wanted, outline.living, outline.deleted)
    kept = [section.id for section in matched if section and section.deleted_at is None]
    stays = _longest_in_order(kept, outline.order)
    rows = [
        Row(heading, section, section is not None and section.deleted_at is None and section.id not in stays)
        for heading, section in zip(wanted, matched, strict=True)
    ]
    removed = [section for section in outline.living if section.id not in kept]
    return Proposal(source, outline.version, rows, removed, outline.living + outline.deleted)


def read(text: str) -> list[str]:
    """One heading a line."""
    return [" ".join(line.split())[:_LONGEST] for line in text.split("\n") if line.strip()]


def match(wanted: Sequence[str], living: Sequence[Section], deleted: Sequence[Section]) -> list[Section | None]:
    """For each heading the section it names, each section at most once."""
    found: dict[int, Section] = {}
    free = list(living)
    for pool in (free, list(deleted)):
        for place, heading in enumerate(wanted):
            same = next((each for each in pool if _plain(each.heading) == _plain(heading)), None)
            if place not in found and same is not None:
                found[place] = same
                pool.remove(same)
    pairs = sorted(
        (-_likeness(heading, section.heading), place, number)
        for place, heading in enumerate(wanted) if place not in found
        for number, section in enumerate(free)
    )  # fmt: skip
    taken: set[int] = set()
    for likeness, place, number in pairs:
        if -likeness >= _ALIKE and place not in found and number not in taken:
            found[place] = free[number]
            taken.add(number)
    return [found.get(place) for place in range(len(wanted))]


def apply(
    conn: db.Connection, *, actor: User, post_id: int, version: int, base_revision_id: int | None,
    section_ids: Sequence[int | None], kept_ids: Sequence[int] = (),
) -> sections.Outline:  # fmt: skip
    """Make the list the sections: `section_ids` names the section of each heading, None a new one; living sections
    that are neither there nor in `kept_ids` are deleted, with their texts. Kept ones follow at the end.

    Raises Conflict when the order moved on from `version` or the list from `base_revision_id`.
    """
    permissions.require(actor, Permission.WRITE_POSTS)
    outline = sections.lock(conn, post_id=post_id, version=version)
    source = _source(conn, post_id)
    if (source.revision.id if source.revision else None) != base_revision_id:
        raise Conflict("The list of headings was changed meanwhile, so nothing was changed. Look at it and try again.")
    wanted = read(source.text)
    _check(wanted, outline, section_ids, kept_ids)
    added = [sections.create(conn, post_id=post_id, found=outline) if each is None else each for each in section_ids]
    after = added + [each for each in outline.order if each in set(kept_ids) and each not in added]
    section_events.arrange(conn, post_id=post_id, before=outline.order, after=after)
    known = {section.id: section for section in outline.living + outline.deleted}
    texts = [
        change
        for heading, section_id in zip(wanted, added, strict=True)
        if (change := _name(conn, actor, post_id, known.get(section_id), section_id, heading))
    ]
    section_events.record(
        conn, actor=actor, post_id=post_id, kind=EventKind.HEADINGS, before=outline.order, after=after, texts=texts,
        is_arranged=True, summary=f"Made {len(wanted)} headings the sections",
    )  # fmt: skip
    return sections.outline(conn, post_id=post_id)


def _check(
    wanted: Sequence[str], outline: sections.Outline, section_ids: Sequence[int | None], kept_ids: Sequence[int]
) -> None:
    if not wanted:
        raise Unfit("There are no headings in the list. Write them first, under Structure.")
    if len(section_ids) != len(wanted):
        raise Unfit.field("sections", "Name a section, or a new one, for each heading of the list.")
    named = [each for each in section_ids if each is not None]
    known = {section.id for section in outline.living + outline.deleted}
    if len(named) != len(set(named)):
        raise Invalid.field("sections", "A section can take only one heading. Choose another one, or a new section.")
    if not set(named) <= known or not set(kept_ids) <= known:
        raise Unfit.field("sections", "The post has no such section. Choose another one.")
    if len(known) + section_ids.count(None) > sections.MOST:
        raise Conflict(f"A post has at most {sections.MOST} sections, deleted ones included.")


def _name(
    conn: db.Connection, actor: User, post_id: int, section: Section | None, section_id: int, heading: str
) -> TextChange | None:
    """Give a section its heading. What undo must take back: not the heading of a section that it deletes."""
    value = fields.get(conn, post_id=post_id, section_id=section_id, field_key=sections.HEADING)
    if value.text == heading:
        return None
    before = value.revision.id if value.revision else None
    revision = fields.save(
        conn, actor=actor, post_id=post_id, section_id=section_id, field_key=sections.HEADING, text=heading,
        base_revision_id=before, origin=Origin.HEADINGS,
    )  # fmt: skip
    is_living = section is not None and section.deleted_at is None
    return TextChange(section_id, sections.HEADING, before, revision.id if revision else None) if is_living else None


def _source(conn: db.Connection, post_id: int) -> Value:
    values = [fields.get(conn, post_id=post_id, field_key=key) for key in SOURCES]
    return next((value for value in values if value.is_filled and value.field.is_living), values[-1])


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, _plain(one), _plain(other), autojunk=False).ratio()


def _longest_in_order(new: Sequence[int], old: Sequence[int]) -> set[int]:
    """The ids that keep their order: all others were moved."""
    blocks = difflib.SequenceMatcher(None, new, old, autojunk=False).get_matching_blocks()
    return {each for block in blocks for each in new[block.a : block.a + block.size]}
