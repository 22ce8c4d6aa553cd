"""A source of a text that is no longer what it was. When that is so says the view stale_sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StaleSource:
    """Why a text is stale: what filled `variable` of its prompt says something else now."""

    section_id: int | None
    field_key: str
    suggestion_id: int
    action_id: int | None
    variable: str
    source_name: str
    source_section_id: int | None
    used_revision_id: int | None  # None: the items of the section
    revision_id: int | None
    changed_at: datetime | None
    changed_by_name: str | None
    reworded: list[str]
    """Codes of items that say something else since; there may be other changes, such as items that moved."""

    @property
    def reason(self) -> str:
        which = f" ({', '.join(self.reworded)} reworded)" if self.reworded else ""
        return f"“{self.source_name}” changed after this was written{which}."


Stale = dict[tuple[int | None, str], list[StaleSource]]
"""By section and key of the field whose text is stale."""
