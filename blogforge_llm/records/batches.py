"""Batches and their items: many tasks run as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from blogforge_llm.records.tasks import Category, Source


class BatchStatus(StrEnum):
    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ItemStatus(StrEnum):
    WAITING = "waiting"  # for what it needs
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Planned:
    """One item to be. `messages` are role and text, exactly as they will be sent; `subject` is for the kind alone.
    Parameters and contract hold only what differs from the default, as on a task. One that waits has no messages yet,
    and its tokens are guessed."""

    key: str
    messages: Sequence[Mapping[str, str]]
    template_version_id: int | None = None
    part_version_ids: Sequence[int] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    route_id: int | None = None
    model_id: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    contract: Mapping[str, Any] | None = None
    deadline_s: float = 120.0
    subject: Mapping[str, Any] = field(default_factory=dict)
    is_waiting: bool = False
    prompt_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """An item that waits, as its kind sees it."""

    id: int
    key: str
    subject: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Before anything is asked. Costs are USD and None where a price is missing; seconds None without experience."""

    items: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_low: Decimal | None = None
    cost_high: Decimal | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """`note` says why it is paused, or what it waits for until `rests_until`. Cost is that of all attempts so far."""

    id: int
    kind: str
    title: str
    status: BatchStatus
    note: str | None
    rests_until: datetime | None
    concurrency: int
    priority: int
    budget: Decimal | None
    item_cost: Decimal | None
    estimate: Estimate
    waiting: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    estimated: int
    unknown: int
    created_by: int | None
    asked_by: int | None
    created_by_name: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def total(self) -> int:
        return self.waiting + self.queued + self.running + self.succeeded + self.failed + self.cancelled

    @property
    def done(self) -> int:
        return self.succeeded + self.failed + self.cancelled

    @property
    def is_active(self) -> bool:
        """Something happens by itself, and a page that shows it should look again."""
        return self.status in (BatchStatus.QUEUED, BatchStatus.RUNNING) or self.running > 0

    @property
    def cost_source(self) -> Source:
        if self.unknown:
            return Source.UNKNOWN
        return Source.ESTIMATED if self.estimated else Source.KNOWN


@dataclass(frozen=True, slots=True)
class Item:
    """One task of a batch; `output` is its task's."""

    id: int
    batch_id: int
    position: int
    key: str
    status: ItemStatus
    subject: dict[str, Any]
    inputs: dict[str, Any]
    task_id: int | None
    output: str | None
    served_by: str | None
    error_category: Category | None
    error_message: str | None
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    cost_source: Source
    finished_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Failure:
    """How many items failed so, and what one of them said."""

    category: Category
    count: int
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What a page shows beside the batch itself. `rate` is items a second lately."""

    failures: list[Failure]
    rate: float | None
    left_s: float | None
    is_worker_alive: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How a lane's run of one item ended. `status` is a task's, or "released": given back, to be begun anew. The
    attempt is the one that answered, with its columns; failed ones were written by themselves."""

    task_id: int
    run_id: UUID
    status: str
    output: str | None = None
    served_by_model_id: int | None = None
    error_category: Category | None = None
    error_message: str | None = None
    attempt: Mapping[str, Any] = field(default_factory=dict)
    unused_id: int | None = None  # of the attempt that was written at the claim and never made


@dataclass(frozen=True, slots=True)
class Finished:
    """An item whose end was just written, as its kind sees it."""

    item_id: int
    task_id: int
    batch_id: int
    status: ItemStatus
    subject: dict[str, Any]
