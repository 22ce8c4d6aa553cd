"""The words the call engine and its adapters share: request, candidate, events, completion.

Nothing here knows a provider's wire format (adapters do) or a database row (the runner does).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from blogforge_llm.records.tasks import AttemptStatus, Category, Source


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FilePart:
    media_type: str
    name: str
    data: bytes


ContentPart = TextPart | ImagePart | FilePart


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message. `role` is system, user or assistant."""

    role: str
    parts: tuple[ContentPart, ...]

    @classmethod
    def of(cls, role: str, text: str) -> Message:
        return cls(role, (TextPart(text),))

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class Parameters:
    """Sampling parameters in OpenAI's names; None is not sent. `json_output` asks for response_format json_object,
    `json_schema` for that of its name, with OpenAI's {name, schema, strict, description}."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    json_output: bool = False
    json_schema: Mapping[str, Any] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    reasoning_effort: str | None = None


@dataclass(frozen=True, slots=True)
class OutputContract:
    """What an answer must be before anybody sees it. `shape` is text, line, markdown, list or json; `max_length` in
    characters."""

    shape: str = "text"
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    max_words: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One question. `deadline_s` bounds everything, retries and fallbacks included."""

    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    contract: OutputContract | None = None
    deadline_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked of an account or a model; None is no limit. The order is that of limits.sql's numbers."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_day: int | None = None
    max_in_flight: int | None = None

    @property
    def counts_tokens(self) -> bool:
        return self.tokens_per_minute is not None or self.tokens_per_day is not None


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider's headers say is left of one of its limits. `unit` is requests or tokens. All is free again in
    `resets_in_s`; until then it comes back bit by bit (`refills`), or not at all."""

    unit: str
    most: int
    remaining: int
    resets_in_s: float
    refills: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs from a moment on, in USD per million tokens; None is unknown."""

    valid_from: datetime
    input_price: Decimal | None
    output_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may be asked, with everything needed to ask it. Prices are USD per million tokens, those that held
    when it was chosen; `later_prices` begin after that, in this order."""

    model_id: int
    model_name: str
    provider_id: int
    provider_name: str
    kind: str  # groq, cerebras, openai_compatible, llm
    base_url: str | None = None
    key_id: int | None = None
    api_key: str | None = field(default=None, repr=False)
    context_window: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    streams: bool = True
    refused_parameters: frozenset[str] = frozenset()
    first_token_timeout_s: float = 10.0
    idle_timeout_s: float = 10.0
    account_limits: Limits = NO_LIMITS  # of the key, or of the provider where none is used
    model_limits: Limits = NO_LIMITS
    has_notice: bool = False  # the provider said lately that little is left
    is_held_back: bool = True  # one of its circuits was not closed when it was read; if unknown, they are looked at
    later_prices: tuple[Price, ...] = ()
    max_output_tokens: int | None = None
    has_budgets: bool = False  # there were budgets, perhaps of others, when it was chosen


@dataclass(frozen=True, slots=True)
class Usage:
    input_tokens: int | None = None
    output_tokens: int | None = None
    source: Source = Source.UNKNOWN


NO_TOKENS = Usage(0, 0, Source.KNOWN)  # of a call that was refused, or never reached the provider


@dataclass(frozen=True, slots=True)
class Reply:
    """What an adapter brings back from one finished call."""

    text: str
    finish_reason: str | None
    usage: Usage
    provider_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended; written to its row. `error_text` is the provider's own, for admins, secrets masked."""

    status: AttemptStatus
    category: Category | None = None
    http_status: int | None = None
    error_code: str | None = None
    error_text: str | None = None
    finish_reason: str | None = None
    text: str = ""
    usage: Usage = Usage()
    cost: Decimal | None = None
    cost_source: Source = Source.UNKNOWN
    first_token_s: float | None = None
    retry_after_s: float | None = None
    provider_request_id: str | None = None
    heard_s: float = 0.0  # from the first content to the end
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """The accepted answer. `text` is cleaned to the contract; `served_by` is who really answered."""

    text: str
    served_by: Candidate
    finish_reason: str
    usage: Usage
    cost: Decimal | None
    cost_source: Source
    attempts: int


# What a stream yields, in order. `attempt` counts from 1 within the run.
@dataclass(frozen=True, slots=True)
class AttemptStarted:
    attempt: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class TextDelta:
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """The attempt ended without an answer; text shown from it is void. `next_candidate` (perhaps the same model again)
    is None when it was the last."""

    attempt: int
    candidate: Candidate
    category: Category
    next_candidate: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    completion: Completion


Event = AttemptStarted | TextDelta | AttemptFailed | Completed


class EngineError(Exception):
    """No candidate gave an answer. `category` is the last attempt's, or ours; str() is safe to show to anybody."""

    def __init__(self, category: Category, message: str, *, attempts: int = 0, opens_in_s: float | None = None) -> None:
        super().__init__(message)
        self.category = category
        self.attempts = attempts
        self.opens_in_s = opens_in_s  # when nobody was asked because all rest: until the first may be asked again


class CallError(Exception):
    """One call failed. Raised by adapters; `text` may be the provider's own words and stays with admins."""

    def __init__(
        self,
        category: Category,
        text: str,
        *,
        http_status: int | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(text)
        self.category = category
        self.text = text
        self.http_status = http_status
        self.code = code
        self.retry_after_s = retry_after_s
        self.usage = usage or Usage()


class Recorder(Protocol):
    """Where attempts are written: before the call and after it, each in its own short transaction."""

    def started(self, attempt: int, candidate: Candidate, messages: tuple[Message, ...]) -> None:
        """Begin to write it; `written` is called before anything is sent."""
        ...

    def written(self, attempt: int) -> None:
        """Wait until it is written. Raises whatever forbids the call; nothing more is heard of the attempt then."""
        ...

    def finished(self, attempt: int, outcome: Outcome) -> None: ...


class Adapter(Protocol):
    """One module per provider kind (engine/adapters). No retries, no decisions; raises CallError."""

    def ask(self, request: Request, candidate: Candidate) -> Reply: ...

    def stream(self, request: Request, candidate: Candidate) -> Generator[str, None, Reply]:
        """Yield text as it comes; an empty string means progress without text (reasoning). Return the whole."""
        ...

    def list_models(self, candidate: Candidate) -> list[DiscoveredModel]: ...


@dataclass(frozen=True, slots=True)
class DiscoveredModel:
    name: str
    context_window: int | None = None
    max_output_tokens: int | None = None
    is_ai: bool = True  # False for echo and the like
