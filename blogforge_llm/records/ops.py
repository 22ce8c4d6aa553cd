"""What the overview of the LLM area says, /metrics, the ledger and budgets, the audit log, errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from blogforge_llm.records.tasks import Source


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
    has_tasks: bool


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


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Tasks made on a day of UTC that have ended. `p95_s` is None when no AI answered."""

    day: datetime
    tasks: int
    failed: int
    cost: Decimal
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from start to end of what an AI answered, `count` tasks."""

    p50_s: float
    p95_s: float
    count: int


@dataclass(frozen=True, slots=True)
class TemplateFigures:
    """A template in a list of the dearest or slowest; id 0 is what was asked without one."""

    template_id: int
    name: str | None
    tasks: int
    cost: Decimal
    mean_s: float | None
    latency: Latency | None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Tasks that ended, of the last `days` days from `since` on; `by_day` of the last thirty, `by_hour` of the last 24.
    `spent_` is what all calls cost, `budgets` what everybody together may spend in a day and a month."""

    days: int
    since: datetime
    today: datetime
    month: datetime
    by_day: list[DayFigures]
    by_hour: list[int]
    spent_today: Decimal
    spent_this_month: Decimal
    budgets: dict[str, Decimal]
    tasks: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    latency: Latency | None
    failures: list[tuple[str, int]]
    dearest: list[TemplateFigures]
    slowest: list[TemplateFigures]


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """What calls cost, in USD: `known` and `estimated` apart. `unpriced` counts the calls whose cost is not known."""

    calls: int
    input_tokens: int
    output_tokens: int
    known: Decimal
    estimated: Decimal
    unpriced: int

    @property
    def cost(self) -> Decimal:
        return self.known + self.estimated


@dataclass(frozen=True, slots=True)
class LedgerSum(LedgerTotals):
    """The same for one thing. `key` is its id, a day, or a source; None where there is no user or template."""

    key: str | None
    label: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One attempt as the ledger counts it. `outcome` is succeeded, cancelled, abandoned or a failure's category."""

    id: int
    task_id: int
    position: int
    started_at: datetime
    model_name: str
    provider_name: str
    user_name: str | None
    template_name: str | None
    outcome: str
    input_tokens: int | None
    output_tokens: int | None
    cost: Decimal | None
    cost_source: Source


class BudgetScope(StrEnum):
    INSTANCE = "instance"  # everybody together
    EACH_USER = "each_user"  # everybody by themselves, but those with a budget of their own
    USER = "user"  # one of them
    BATCH = "batch"  # one batch; set where the batch is


class BudgetPeriod(StrEnum):
    """Of the calendar, in UTC."""

    DAY = "day"
    MONTH = "month"
    EVER = "ever"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent, in USD, and how much was since `since`; `held` is what running calls may cost beside that.
    For each_user these are those of the user who spent most. `until` is the first day of the next period."""

    id: int
    scope: BudgetScope
    user_id: int | None
    user_name: str | None
    batch_id: int | None
    period: BudgetPeriod
    amount: Decimal
    warn_share: Decimal
    refuses_unpriced: bool
    created_at: datetime
    updated_at: datetime
    since: date
    until: date | None
    top_user_name: str | None
    spent: Decimal
    held: Decimal

    @property
    def remaining(self) -> Decimal:
        return max(self.amount - self.spent, Decimal(0))

    @property
    def state(self) -> str:
        """ok, warning from the share on at which people are warned, or spent."""
        if self.spent >= self.amount:
            return "spent"
        return "warning" if self.spent >= self.amount * self.warn_share else "ok"

    @property
    def label(self) -> str:
        """Whose it is, in words."""
        if self.scope is BudgetScope.INSTANCE:
            return "The whole installation"
        if self.scope is BudgetScope.EACH_USER:
            return "Each user"
        return self.user_name or "" if self.scope is BudgetScope.USER else f"Batch {self.batch_id}"
