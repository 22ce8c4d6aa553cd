"""What the overview of the LLM area says, the audit log, and /metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


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
    """One deed by hand. `user_name` is the person's of then, empty for the terminal; `user_id` is None when they are
    gone. `changes` is member -> [before, after]."""

    id: int
    at: datetime
    user_id: int | None
    user_name: str
    action: str
    noun: str
    noun_id: str
    detail: str
    changes: dict[str, list[Any]]
    request_id: str | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of the log; None for any."""

    user_id: int | None = None
    noun: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class ErrorSource(StrEnum):
    """Where an error happened, or who told us."""

    WEB = "web"
    API = "api"
    JOB = "job"
    BROWSER = "browser"
    POLICY = "policy"  # the Content-Security-Policy, told by a browser


class ErrorState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"  # opens again with the next one
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors of one type at one place. `message` is the newest one's."""

    id: int
    source: ErrorSource
    kind: str
    place: str
    message: str
    occurrences: int
    first_at: datetime
    last_at: datetime
    resolved_at: datetime | None
    muted_at: datetime | None

    @property
    def state(self) -> ErrorState:
        if self.muted_at is not None:
            return ErrorState.MUTED
        return ErrorState.OPEN if self.resolved_at is None else ErrorState.RESOLVED


@dataclass(frozen=True, slots=True)
class ErrorSample:
    """One of a group, as it happened."""

    id: int
    at: datetime
    request_id: str | None
    method: str | None
    path: str | None
    user_name: str | None
    message: str
    trace: str


@dataclass(frozen=True, slots=True)
class CallTotal:
    """Calls of one model that ended alike and took about as long; `bucket` counts the bounds they reached."""

    provider: str
    model: str
    outcome: str
    bucket: int
    calls: int
    seconds: float
    input_tokens: int
    output_tokens: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class ProcessMetrics:
    """What a process last said of itself, in Prometheus' text format."""

    worker_id: UUID
    kind: str
    host: str
    pid: int
    exposition: str


@dataclass(frozen=True, slots=True)
class Metrics:
    """What all processes agree on. `unfinished` is (count, age of the oldest in seconds) by status, `resting` the
    circuits that are not closed: name, state, category."""

    totals: list[CallTotal]
    unfinished: dict[str, tuple[int, float]]
    workers: dict[str, int]
    resting: list[tuple[str, str, str]]
    processes: list[ProcessMetrics]
