"""What the overview of the LLM area says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts of what is not archived; `models` are those that can be asked. The `has_` are the steps of a first run."""

    providers: int
    models: int
    routes: int
    presets: int
    parts: int
    templates: int
    actions: int
    tasks_queued: int
    tasks_running: int
    has_default_models: bool
    has_actions: bool
    has_posts: bool


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One deed by hand. `user_name` is None when that user is gone."""

    id: int
    at: datetime
    user_id: int | None
    user_name: str | None
    action: str
    noun: str
    noun_id: str
    detail: str
