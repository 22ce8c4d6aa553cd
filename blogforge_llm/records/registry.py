"""Whom we can ask: providers, their keys and models, routes, presets. "Model" always means an LLM here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from blogforge_llm.records.tasks import AttemptStatus, Category


class ProviderKind(StrEnum):
    GROQ = "groq"
    CEREBRAS = "cerebras"
    OPENAI_COMPATIBLE = "openai_compatible"
    LLM = "llm"  # the llm library and its plugins


@dataclass(frozen=True, slots=True)
class Provider:
    """`key_count` and `model_count` count what is shared and not archived. Limits are None when there is none."""

    id: int
    name: str
    kind: ProviderKind
    base_url: str | None
    is_enabled: bool
    is_local: bool
    requests_per_minute: int | None
    tokens_per_minute: int | None
    requests_per_day: int | None
    tokens_per_day: int | None
    max_in_flight: int | None
    tested_at: datetime | None
    test_category: str | None
    test_message: str | None
    created_at: datetime
    updated_at: datetime
    key_count: int
    model_count: int


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key without its secret: nothing that leaves the service carries it. `user_id` is None when all share it."""

    id: int
    provider_id: int
    provider_name: str
    user_id: int | None
    name: str
    hint: str
    position: int
    is_enabled: bool
    created_by: int | None
    created_by_name: str | None
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a provider. Prices are those of now, in USD per million tokens; None is unknown, not free."""

    id: int
    provider_id: int
    provider_name: str
    provider_kind: ProviderKind
    provider_is_enabled: bool
    name: str
    context_window: int | None
    max_output_tokens: int | None
    input_price: Decimal | None
    output_price: Decimal | None
    streams: bool
    sees_images: bool
    writes_json: bool
    refused_parameters: list[str]
    is_ai: bool
    first_token_timeout_s: Decimal | None
    idle_timeout_s: Decimal | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    requests_per_day: int | None
    tokens_per_day: int | None
    max_in_flight: int | None
    is_enabled: bool
    position: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs from `valid_from` until the next price begins, in USD per million tokens; None is unknown."""

    id: int
    model_id: int
    valid_from: datetime
    valid_until: datetime | None
    input_price: Decimal | None
    output_price: Decimal | None
    created_by_name: str | None
    created_at: datetime
    is_future: bool

    @property
    def is_current(self) -> bool:
        return not self.is_future and (self.valid_until is None or self.valid_until > datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Route:
    """Whom to ask, and whom next: `models` in that order, disabled ones included."""

    id: int
    name: str
    is_default: bool
    created_at: datetime
    updated_at: datetime
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """Parameters under a name: any of temperature, top_p, max_tokens, stop, seed."""

    id: int
    name: str
    parameters: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class CircuitState(StrEnum):
    CLOSED = "closed"  # asked as usual
    OPEN = "open"  # not asked for now
    HALF_OPEN = "half_open"  # one call is trying whether it works again


@dataclass(frozen=True, slots=True)
class Circuit:
    """Whether something may be asked: a provider, a model, a key, or a model with one key (`kind` is model_key).

    `since` is None when nothing ever happened to it, `until` and `opens_in_s` when a person must close it.
    """

    name: str
    kind: str
    provider_id: int
    provider_name: str
    model_id: int | None
    model_name: str | None
    key_id: int | None
    key_name: str | None
    is_own: bool  # hangs on one's own key
    state: CircuitState
    category: Category | None
    since: datetime | None
    until: datetime | None
    failures: int
    is_by_hand: bool
    opened_by_name: str | None
    note: str
    opens_in_s: float | None

    @property
    def is_closed(self) -> bool:
        return self.state is CircuitState.CLOSED

    @property
    def label(self) -> str:
        """What it is, in words."""
        if self.model_name is None:
            return self.provider_name if self.key_name is None else f"{self.key_name}, a key of {self.provider_name}"
        with_key = f" with {self.key_name}" if self.key_name else ""
        return f"{self.model_name} on {self.provider_name}{with_key}"


@dataclass(frozen=True, slots=True)
class Tick:
    """How one attempt ended, for a row of them."""

    id: int
    status: AttemptStatus
    category: Category | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of one limit is used right now."""

    label: str
    used: int
    most: int


@dataclass(frozen=True, slots=True)
class LimitGroup:
    """The limits of a model, or of all together, asked with one key. `account` is None where there is no choice."""

    owner: str
    account: str | None
    uses: tuple[LimitUse, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a program may ask for by name: a route, or one model alone."""

    name: str
    owner: str  # the provider; "route" for a route
    created_at: datetime
    route_id: int | None
    model_id: int | None
