"""Where a text came from, in full. Put together in services/editorial/receipts.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from blogforge_llm.records.editorial import Revision, Suggestion, Value
from blogforge_llm.records.tasks import Attempt


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """A version of a template or of a part, as it was used. `newest` is its highest number by now."""

    id: int
    owner_id: int
    name: str
    number: int
    newest: int

    @property
    def is_newest(self) -> bool:
        return self.number == self.newest


@dataclass(frozen=True, slots=True)
class ReceiptSource:
    """What filled a variable of the prompt. `is_changed`: it says something else by now."""

    variable: str
    name: str
    field_key: str | None  # None: the items allocated to the section
    section_id: int | None
    revision_id: int | None
    written_at: datetime | None
    written_by_name: str | None
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Making:
    """The suggestion that a text goes back to, and how it came in."""

    suggestion: Suggestion
    template: PromptVersion | None
    parts: list[PromptVersion]
    attempts: list[Attempt]
    switches: list[str]  # one line per change of model
    sources: list[ReceiptSource]
    accepted: Revision
    accepted_share: float
    """How much was changed before it was accepted, 0..1."""
    now_share: float
    """How much of it is changed in the text as it is now, 0..1."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`making` is None for a text without a model behind it. `edits` are the texts since acceptance, or since the last
    one that was no edit, the newest first; `before` is the text before them all, None for an empty field."""

    value: Value
    revision: Revision
    making: Making | None
    edits: list[Revision]
    before: Revision | None
