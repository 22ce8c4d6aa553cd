"""A post as the one article it becomes: its blocks with how far each is, as it was at a moment, and what was called
done. What a block is, is decided in services/editorial/articles.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from blogforge_llm.records.editorial import Overview, Post, Scope
from blogforge_llm.records.staleness import StaleSource


class BlockStatus(StrEnum):
    """How far a block is."""

    EMPTY = "empty"
    SUGGESTED = "suggested"  # a text waits for somebody's decision
    EDITED = "edited"  # has a text
    STALE = "stale"  # has one, made from what changed since
    DONE = "done"  # somebody said so of the text it has


@dataclass(frozen=True, slots=True)
class Mark:
    """Who called a text done, and when."""

    section_id: int | None
    field_key: str
    done_by_name: str | None
    done_at: datetime


@dataclass(frozen=True, slots=True)
class Block:
    """A field of the post, or a section with the text readers see of it."""

    section_id: int | None
    field_key: str
    scope: Scope
    substage_key: str
    name: str
    status: BlockStatus
    words: int
    excerpt: str
    revision_id: int | None
    written_at: datetime | None
    written_by_name: str | None
    model_name: str | None
    waiting: str | None
    """What is open there: pending, running or failed."""
    stale: list[StaleSource]
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Article:
    """`blocks` by the sub-stage they are written in, in the order of the page."""

    overview: Overview
    blocks: dict[str, list[Block]]

    @property
    def counts(self) -> dict[str, int]:
        """Blocks that are done, that have a text, that have none."""
        every = [block for blocks in self.blocks.values() for block in blocks]
        done = sum(block.status == BlockStatus.DONE for block in every)
        empty = sum(block.words == 0 for block in every)
        return {"done": done, "drafted": len(every) - done - empty, "empty": empty}

    @property
    def stale(self) -> int:
        return len(self.overview.stale)


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of the reading article. `heading` only for a section."""

    section_id: int | None
    field_key: str
    heading: str | None
    text: str
    caption: str
    substage_key: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The article as readers get it: the parts that are written. `missing` names those that are not."""

    post: Post
    title: str
    subtitle: str
    passages: list[Passage]
    missing: list[str]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a text was written: what a comparison can begin or end with. The post was then what its newest revisions up
    to this one say."""

    revision_id: int
    at: datetime
    user_name: str | None
    field_name: str
    section_code: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A text that is not the same at two moments."""

    section_id: int | None
    section_name: str | None
    field_key: str
    field_name: str
    before: str
    after: str
