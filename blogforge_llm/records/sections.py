"""Sections of a post, the ideas and facts allocated to them, and what was done to them. The rules are in
services/editorial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class ItemKind(StrEnum):
    IDEA = "idea"
    FACT = "fact"


class EventKind(StrEnum):
    ADDED = "added"
    REORDERED = "reordered"
    MERGED = "merged"
    SPLIT = "split"
    DELETED = "deleted"
    RESTORED = "restored"
    HEADINGS = "headings"  # the post's list of headings was made the sections
    MOVED = "moved"  # one item, by a person
    REWORDED = "reworded"  # one item, by a person
    ALLOCATED = "allocated"  # many items, by what a model labelled
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Section:
    """A section with what a list of them shows. Its texts are values of its fields."""

    id: int
    post_id: int
    code: str
    position: int
    heading: str
    description: str
    summary: str
    draft_words: int
    text_words: int
    waiting: int
    """Suggestions that somebody has to look at, or that are being written."""
    failed: int
    """Those of them that came to nothing."""
    created_at: datetime
    deleted_at: datetime | None

    @property
    def name(self) -> str:
        return f"{self.code} {self.heading}" if self.heading else self.code

    @property
    def words(self) -> int:
        """Of the text readers see: the polished one, the draft while there is none."""
        return self.text_words or self.draft_words

    @property
    def status(self) -> str:
        return "done" if self.text_words else "drafted" if self.draft_words else "empty"


@dataclass(frozen=True, slots=True)
class Item:
    """An idea or a fact. `section_id` is None while it is in the tray of what is not allocated."""

    id: int
    post_id: int
    kind: ItemKind
    code: str
    text: str
    section_id: int | None
    field_key: str | None
    revision_id: int | None
    created_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Move:
    """Of an item from one section to another; None is the tray."""

    item: int
    source: int | None
    target: int | None

    def as_row(self) -> dict[str, Any]:
        return {"item": self.item, "from": self.source, "to": self.target}


@dataclass(frozen=True, slots=True)
class TextChange:
    """A text that was written by something done to the sections: revisions before and after; None is empty."""

    section: int
    field: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Rewording:
    """An item that says something else: its words before and after."""

    item: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    post_id: int
    kind: EventKind
    summary: str
    order_before: list[int]
    order_after: list[int]
    moves: list[Move]
    texts: list[TextChange]
    rewordings: list[Rewording]
    user_id: int | None
    user_name: str | None
    created_at: datetime
    undone_by_id: int | None


def event(row: Mapping[str, Any]) -> Event:
    moves = [Move(each["item"], each["from"], each["to"]) for each in row["moves"]]
    texts = [TextChange(**each) for each in row["texts"]]
    rewordings = [Rewording(**each) for each in row["rewordings"]]
    lists = {"moves": moves, "texts": texts, "rewordings": rewordings}
    return Event(**{**row, "kind": EventKind(row["kind"]), **lists})
