"""Alerts: the rules, what they found, and the webhooks that tell other systems of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class RuleKind(StrEnum):
    ERROR_SHARE = "error_share"  # of a model's calls that failed
    LATENCY = "latency"  # p95 of a model's answered calls, in seconds
    BUDGET = "budget"  # share spent
    CIRCUIT = "circuit"  # a provider, model or key that is not asked
    BATCH = "batch"  # share of a batch's items that failed
    WORKER = "worker"  # nobody runs tasks, or batches that wait


@dataclass(frozen=True, slots=True)
class AlertRule:
    """`threshold` is a share, of latency seconds, None where the kind has none; `open_alerts` are its alerts now."""

    id: int
    kind: RuleKind
    threshold: Decimal | None
    window_minutes: int
    minimum: int
    cooldown_minutes: int
    is_enabled: bool
    open_alerts: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look by a rule found of one subject. `value` is compared with the rule's threshold; between that and the
    level at which it is clear, an open alert stays open and no new one begins."""

    subject: str
    label: str
    value: Decimal
    detail: str
    is_breach: bool


class AlertView(StrEnum):
    INBOX = "inbox"  # not dismissed, over or not
    OPEN = "open"  # not over yet
    ALL = "all"  # the whole history


@dataclass(frozen=True, slots=True)
class Alert:
    """`is_read` is of who asks. `openings` counts how often it came back within the rule's cool-down."""

    id: int
    rule_id: int | None
    kind: RuleKind
    subject: str
    label: str
    value: Decimal
    threshold: Decimal | None
    detail: str
    opened_at: datetime
    resolved_at: datetime | None
    openings: int
    dismissed_at: datetime | None
    dismissed_by_name: str | None
    is_read: bool

    @property
    def state(self) -> str:
        return "open" if self.resolved_at is None else "resolved"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Never with its secret. `last_status` is that of its newest delivery."""

    id: int
    name: str
    url: str
    is_enabled: bool
    created_at: datetime
    updated_at: datetime
    last_status: str | None
    last_at: datetime | None


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"  # answered 2xx
    FAILED = "failed"  # given up


class Event(StrEnum):
    OPENED = "alert.opened"
    RESOLVED = "alert.resolved"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook, over all its attempts."""

    id: int
    webhook_id: int
    alert_id: int | None
    event: Event
    body: str
    status: DeliveryStatus
    attempts: int
    next_at: datetime
    http_status: int | None
    answer: str
    error: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sending:
    """What it takes to try a delivery once; `attempt` counts from 1."""

    id: int
    event: Event
    body: str
    attempt: int
    url: str
    ciphertext: bytes
