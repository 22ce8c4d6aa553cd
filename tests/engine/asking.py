"""How the engine's tests ask: candidates at the stand-in, a recorder that keeps everything, one call or one request."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from blogforge_llm.engine import fallback
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.types import (
    Candidate,
    Completed,
    Completion,
    EngineError,
    Event,
    Message,
    Outcome,
    Request,
    TextDelta,
)
from blogforge_llm.records.tasks import Category
from tests.provider_standin import Standin

# "At once" on a machine that is busy with other tests: what would be waited for instead takes three seconds and more.
SOON_S = 2.5
KINDS = ("groq", "cerebras", "openai_compatible", "llm")
QUESTION = "What is a stand-in?"


@dataclass
class Notes:
    """A recorder that remembers, in order."""

    started_with: list[tuple[int, str, tuple[Message, ...]]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def started(self, attempt: int, candidate: Candidate, messages: tuple[Message, ...]) -> None:
        assert attempt == len(self.started_with) + 1
        self.started_with.append((attempt, candidate.model_name, messages))

    def written(self, attempt: int) -> None:
        assert attempt == len(self.started_with)

    def finished(self, attempt: int, outcome: Outcome) -> None:
        assert attempt == len(self.outcomes) + 1 == len(self.started_with)
        self.outcomes.append(outcome)

    @property
    def models(self) -> list[str]:
        return [model for _, model, _ in self.started_with]

    @property
    def categories(self) -> list[Category | None]:
        return [outcome.category for outcome in self.outcomes]


def request(text: str = QUESTION, *, deadline_s: float = 10.0, **fields: Any) -> Request:
    return Request((Message.of("user", text),), deadline_s=deadline_s, **fields)


def candidate(standin: Standin, model: str = "ok", kind: str = "groq", **fields: Any) -> Candidate:
    urls = {"groq": standin.groq_url, "cerebras": standin.cerebras_url}
    made: dict[str, Any] = {
        "model_id": zlib.crc32(model.encode()),
        "provider_id": KINDS.index(kind) + 1,
        "provider_name": kind.title(),
        "base_url": urls.get(kind, standin.compatible_url),
        "key_id": KINDS.index(kind) + 1,
        "api_key": f"key-of-{kind}",
        "input_price": Decimal("1"),
        "output_price": Decimal("2"),
    }
    return Candidate(model_name=model, kind=kind, **made | fields)


@dataclass
class Answered:
    """What became of a request, whether it was answered or not."""

    notes: Notes
    events: list[Event]
    error: EngineError | None
    took_s: float
    whole: Completion | None = None

    @property
    def completion(self) -> Completion:
        if self.whole is not None:
            return self.whole
        assert self.error is None, self.error
        last = self.events[-1]
        assert isinstance(last, Completed)
        return last.completion

    @property
    def text_of_last_attempt(self) -> str:
        last = max(event.attempt for event in self.events if isinstance(event, TextDelta))
        return "".join(event.text for event in self.events if isinstance(event, TextDelta) and event.attempt == last)


def ask(
    candidates: list[Candidate],
    asked: Request | None = None,
    *,
    streaming: bool = True,
    heard: Callable[[], None] = lambda: None,
    **options: Any,
) -> Answered:
    """Ask and wait for the end. `heard` is called for every piece of text."""
    notes, events, error, whole = Notes(), [], None, None
    began = time.monotonic()
    try:
        if streaming:
            for event in fallback.stream(asked or request(), candidates, recorder=notes, **options):
                events.append(event)
                if isinstance(event, TextDelta):
                    heard()
        else:
            whole = fallback.complete(asked or request(), candidates, recorder=notes, **options)
    except EngineError as raised:
        error = raised
    return Answered(notes, events, error, time.monotonic() - began, whole)


class InThread:
    """A request that is being asked in a thread of its own, so that the test can interfere."""

    def __init__(
        self, candidates: list[Candidate], asked: Request | None = None, *, streaming: bool = True, **options: Any
    ) -> None:
        self.cancellation = Cancellation()
        self.ended_at = 0.0
        self._pieces = threading.Semaphore(0)
        self._answered: Answered | None = None
        self._run: Callable[[], Answered] = lambda: ask(
            candidates,
            asked,
            streaming=streaming,
            heard=self._pieces.release,
            cancellation=self.cancellation,
            **options,
        )
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        self._answered = self._run()
        self.ended_at = time.monotonic()

    def wait_for_pieces(self, count: int) -> None:
        for _ in range(count):
            assert self._pieces.acquire(timeout=5)

    def result(self) -> Answered:
        self._thread.join(10)
        assert self._answered is not None, "the call is still blocked"
        return self._answered
