"""Tasks, attempts and what happened to them. The rules are in services/tasks, the calls in engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class TaskStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AttemptStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"  # its worker died; what the provider did after that is not known


class Category(StrEnum):
    """Why a call or a task failed. The policy of each is in engine/categories.py."""

    RATE_LIMIT = "rate_limit"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    STREAM_CUT = "stream_cut"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    MODEL_NOT_FOUND = "model_not_found"
    ADDRESS_REFUSED = "address_refused"  # by us: addresses.py
    CONTEXT_LENGTH = "context_length"
    INVALID_REQUEST = "invalid_request"
    CONTENT_FILTER = "content_filter"
    OUTPUT_INVALID = "output_invalid"
    BUDGET_EXCEEDED = "budget_exceeded"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """How a token count or a cost is known."""

    KNOWN = "known"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to one model, as its row tells it. `position` counts over all runs of the task."""

    id: int
    task_id: int
    position: int
    model_id: int
    model_name: str
    provider_id: int
    provider_name: str
    key_id: int | None
    status: AttemptStatus
    category: Category | None
    http_status: int | None
    error_code: str | None
    error_text: str | None
    finish_reason: str | None
    text: str
    input_tokens: int | None
    output_tokens: int | None
    usage_source: Source
    cost: Decimal | None
    cost_source: Source
    first_token_ms: int | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Work:
    """What a run needs of its task. `messages` are the exact ones sent, as role/content pairs."""

    id: int
    messages: list[dict[str, str]]
    parameters: dict[str, Any]
    contract: dict[str, Any] | None
    deadline_s: float
    route_id: int | None
    model_id: int | None
    is_awaited: bool
    run_id: UUID | None
    request_id: str | None
    created_by: int | None
    asked_by: int | None  # whose keys and rights it runs with
    created_at: datetime
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Task(Work):
    """One piece of LLM work."""

    status: TaskStatus
    template_version_id: int | None
    template_id: int | None
    template_number: int | None
    template_name: str | None
    is_override: bool  # its messages are not what the template says: somebody edited them for this task alone
    part_version_ids: list[int]
    inputs: dict[str, Any]
    output: str | None
    served_by_model_id: int | None
    served_by: str | None
    served_by_provider: str | None
    is_ai: bool | None  # of the model that answered
    error_category: Category | None
    error_message: str | None
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    cost_source: Source
    cancel_requested_at: datetime | None
    rerun_of: int | None
    batch_id: int | None  # whose item it is; the batch cancels and retries it
    created_by_name: str | None
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        return self.status not in (TaskStatus.QUEUED, TaskStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as a list shows it."""

    id: int
    status: TaskStatus
    template_name: str | None
    is_override: bool
    served_by: str | None
    served_by_provider: str | None
    error_category: Category | None
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    cost_source: Source
    created_by_name: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What the log is asked for; None does not filter. `model_id` answered, `template_id` 0 is no template, `since` is
    included and `until` is not, `text` are words of the messages or the output."""

    status: TaskStatus | None = None
    category: Category | None = None
    model_id: int | None = None
    template_id: int | None = None
    action_id: int | None = None
    user_id: int | None = None
    post_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_cost: Decimal | None = None
    max_cost: Decimal | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Rows of the log. `newer` and `older`: the task above or below which it goes on, None at its ends."""

    rows: list[TaskRow]
    newer: int | None
    older: int | None


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of live text: `seq` counts from 1 within the attempt; a reset replaces what was there before."""

    attempt: int
    seq: int
    is_reset: bool
    text: str


@dataclass(frozen=True, slots=True)
class LiveState:
    """What a page that follows a task needs to know beside the text; the model is the one asked last."""

    status: TaskStatus
    output: str | None
    model_name: str | None
    provider_name: str | None

    @property
    def is_finished(self) -> bool:
        return self.status not in (TaskStatus.QUEUED, TaskStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one run, in one living process, to ask for a task and to end it."""

    run_id: UUID
    worker_id: UUID
