"""The editorial workflow: stages, fields, posts, revisions, suggestions. The rules are in services/editorial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from blogforge_llm.records.sections import Section
from blogforge_llm.records.staleness import Stale
from blogforge_llm.records.tasks import Category, Source


class FieldKind(StrEnum):
    LINE = "line"
    TEXT = "text"
    LIST = "list"  # one item per line
    MARKDOWN = "markdown"


class Origin(StrEnum):
    """Who or what made a revision."""

    TYPED = "typed"
    ACCEPTED = "accepted"  # a suggestion as it was
    EDITED = "edited"  # a suggestion, changed before it was accepted
    RESTORED = "restored"
    IMPORTED = "imported"
    MERGED = "merged"  # with the text of a section that was merged into this one
    SPLIT = "split"  # a part of a section's text
    HEADINGS = "headings"  # taken from the post's list of headings


class Scope(StrEnum):
    """Where a field is."""

    POST = "post"
    SECTION = "section"  # every section of a post has it
    BOARD = "board"  # of a post, but asked and shown on the allocation board only


class SuggestionStatus(StrEnum):
    RUNNING = "running"
    FAILED = "failed"
    PENDING = "pending"
    ACCEPTED = "accepted"
    EDITED = "edited"
    DISCARDED = "discarded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to write. Its key is also the template variable it fills."""

    id: int
    key: str
    name: str
    kind: FieldKind
    help: str
    scope: Scope
    max_length: int
    title_rank: int | None
    position: int
    substage_key: str
    substage_name: str
    max_words: int | None
    archived_at: datetime | None
    is_living: bool  # neither it, nor its step, nor the stage of that is archived


@dataclass(frozen=True, slots=True)
class Substage:
    id: int
    key: str
    name: str
    icon: str
    position: int
    stage_key: str
    archived_at: datetime | None
    is_living: bool  # neither it nor its stage is archived
    fields: list[Field]
    """Those of the post itself."""
    other_fields: list[Field]
    """Those of its sections and of the board."""

    @property
    def every_field(self) -> list[Field]:
        """In order, whatever their scope."""
        return sorted(self.fields + self.other_fields, key=lambda field: (field.position, field.id))

    @property
    def has_sections(self) -> bool:
        return any(field.scope == Scope.SECTION for field in self.other_fields)


@dataclass(frozen=True, slots=True)
class Stage:
    id: int
    key: str
    name: str
    position: int
    archived_at: datetime | None
    substages: list[Substage]


@dataclass(frozen=True, slots=True)
class Workflow:
    """All of it, archived rows too. `version` rises with every change."""

    version: int
    stages: list[Stage]

    @property
    def substages(self) -> list[Substage]:
        return [substage for stage in self.stages for substage in stage.substages]

    @property
    def fields(self) -> list[Field]:
        return [field for step in self.substages for field in step.every_field]


@dataclass(frozen=True, slots=True)
class Post:
    id: int
    slug: str
    title: str
    created_by: int | None
    created_by_name: str | None
    created_at: datetime
    updated_at: datetime
    updated_by: int | None
    updated_by_name: str | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class StageShare:
    """How many of a stage's fields a post has filled; each section counts as one."""

    key: str
    name: str
    filled: int
    total: int


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post in a list. `stale` is how many of its texts are."""

    post: Post
    words: int
    stages: list[StageShare]
    stale: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One value of a field with its origin: a person, or a task with its template version and model."""

    id: int
    post_id: int
    section_id: int | None
    field_id: int
    field_key: str
    base_revision_id: int | None
    text: str
    words: int
    origin: Origin
    user_id: int | None
    user_name: str | None
    suggestion_id: int | None
    restored_from_id: int | None
    is_autosave: bool
    started_at: datetime
    created_at: datetime
    task_id: int | None
    template_id: int | None
    template_name: str | None
    template_number: int | None
    model_name: str | None
    provider_name: str | None
    is_ai: bool | None
    cost: Decimal | None
    cost_source: Source | None
    root_suggestion_id: int | None  # the suggestion the text goes back to, edited since or not


@dataclass(frozen=True, slots=True)
class Value:
    """A field of a post, or of a section, with its newest revision; None when nothing was ever written."""

    field: Field
    revision: Revision | None
    section_id: int | None = None

    @property
    def text(self) -> str:
        return self.revision.text if self.revision else ""

    @property
    def is_filled(self) -> bool:
        return self.revision is not None and self.revision.words > 0


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a post or a section, as a link to it needs."""

    post_id: int
    post_title: str
    section_id: int | None
    section_code: str | None
    field_key: str
    scope: Scope
    field_name: str
    substage_key: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A task's output offered to a field. `base_revision_id` is the field's revision at the click."""

    id: int
    post_id: int
    section_id: int | None
    field_id: int
    field_key: str
    action_id: int | None
    action_name: str | None
    task_id: int
    base_revision_id: int | None
    status: SuggestionStatus
    decided_by: int | None
    decided_by_name: str | None
    decided_at: datetime | None
    revision_id: int | None
    edit_distance: float | None  # 0..1, from the output to what was accepted
    passed_over_for: int | None  # the suggestion that was accepted in its place
    created_by: int | None
    created_by_name: str | None
    created_at: datetime
    output: str | None
    route_id: int | None
    route_name: str | None
    model_id: int | None
    parameters: dict[str, Any]
    served_by: str | None
    served_by_provider: str | None
    is_ai: bool | None
    error_category: Category | None
    error_message: str | None
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    cost_source: Source
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.status in {SuggestionStatus.RUNNING, SuggestionStatus.FAILED, SuggestionStatus.PENDING}


@dataclass(frozen=True, slots=True)
class Overview:
    """A whole post: what is in every field, and what waits for somebody there."""

    post: Post
    stages: list[Stage]
    values: dict[str, Value]
    suggestions: dict[str, list[Suggestion]]
    sections: list[Section]
    stale: Stale
    archived: list[Value]  # texts in fields that are archived

    @property
    def words(self) -> int:
        own = sum(value.revision.words for value in self.values.values() if value.revision)
        return own + sum(section.words for section in self.sections)

    def filled(self, substage: Substage) -> int:
        """How many of a step's fields are filled; a section counts as one, filled once it has a text."""
        own = sum(self.values[field.key].is_filled for field in substage.fields)
        return own + (sum(section.words > 0 for section in self.sections) if substage.has_sections else 0)

    def total(self, substage: Substage) -> int:
        """A post without sections lacks one at least."""
        return len(substage.fields) + (max(len(self.sections), 1) if substage.has_sections else 0)

    def is_stale(self, substage: Substage) -> bool:
        """Whether a text of the step, or of a section where it has them, is stale."""
        own = any((None, field.key) in self.stale for field in substage.fields)
        return own or (substage.has_sections and any(section_id is not None for section_id, _ in self.stale))

    def waiting(self, key: str) -> SuggestionStatus | None:
        """What is open in a field: a text to review before one that is being written, that before a failure."""
        found = {suggestion.status for suggestion in self.suggestions.get(key, [])}
        order = (SuggestionStatus.PENDING, SuggestionStatus.RUNNING, SuggestionStatus.FAILED)
        return next((status for status in order if status in found), None)
