"""The allocation board: what a model labelled becomes moves of items, by the allocator of allocation.py. Moving one
item by hand is items.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Suggestion
from blogforge_llm.records.sections import EventKind, Item, Move, Section
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import allocation, fields, items, section_events, sections, suggestions
from blogforge_llm.services.editorial.allocation import Labels

FIELD = "allocation_labels"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What applying a model's labels would do: each item of the tray is placed, or left there."""

    placed: list[tuple[Item, Section, float]]
    left: list[Item]
    problems: list[str]


def propose(text: str, *, outline: Sequence[Section], found: Sequence[Item], capacity: int | None = None) -> Proposal:
    """Only for items that are in the tray now: what somebody placed meanwhile stays there."""
    tray = {item.code: item for item in found if item.section_id is None}
    by_code = {section.code: section for section in outline}
    labels: Labels = allocation.read_labels(text, items=[item.code for item in found], sections=list(by_code))
    loads = {section.code: sum(item.section_id == section.id for item in found) for section in outline}
    done = allocation.allocate(
        items=list(tray), sections=list(by_code), scores=labels.scores, loads=loads, capacity=capacity
    )
    placed = [(tray[code], by_code[to], labels.scores[code][to]) for code, to in done.placed.items()]
    left = set(done.left)
    return Proposal(placed, [item for code, item in tray.items() if code in left], labels.problems)


def apply(
    conn: db.Connection, *, actor: User, post_id: int, suggestion_id: int, capacity: int | None = None
) -> Proposal:
    """Move the items as `propose` says, and keep the labels as a revision. `capacity` is how many items a section may
    have. Raises Invalid when that would move nothing, Conflict when somebody decided before."""
    permissions.require(actor, Permission.WRITE_POSTS)
    if capacity is not None and not 1 <= capacity <= items.MOST:
        raise Invalid.field("capacity", f"The most items of a section is a whole number from 1 to {items.MOST:,}.")
    suggestion = suggestions.lock(conn, suggestion_id=suggestion_id)
    if (suggestion.post_id, suggestion.field_key) != (post_id, FIELD):
        raise NotFound("The post has no such proposal of an allocation.")
    outline = sections.lock(conn, post_id=post_id, version=None)
    proposal = _proposal(conn, suggestion, outline.living, capacity)
    value = fields.get(conn, post_id=post_id, field_key=FIELD)
    base = value.revision.id if value.revision else None
    if suggestion.output is not None and not proposal.placed and suggestion.is_open:
        raise Unfit("No idea or fact can be placed by this answer. Discard it and ask again.")
    suggestions.let_in(conn, actor=actor, suggestion=suggestion, base_revision_id=base)
    section_events.record(
        conn, actor=actor, post_id=post_id, kind=EventKind.ALLOCATED, before=outline.order, after=outline.order,
        moves=[Move(item.id, None, section.id) for item, section, _ in proposal.placed],
        summary=f"Allocated {len(proposal.placed)} ideas and facts",
    )  # fmt: skip
    return proposal


def _proposal(
    conn: db.Connection, suggestion: Suggestion, outline: Sequence[Section], capacity: int | None
) -> Proposal:
    found = items.list_for(conn, post_id=suggestion.post_id)
    return propose(suggestion.output or "", outline=outline, found=found, capacity=capacity)
