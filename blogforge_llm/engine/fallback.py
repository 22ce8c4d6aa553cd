"""Asks the candidates in order until one answers, as far as categories.py allows it, within one deadline. `stream` and
`complete` are the engine's two doors; they differ only in whether text is passed on as it comes.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from blogforge_llm.engine import attempts, contracts, pricing
from blogforge_llm.engine.admission import Admission, Everyone, Line, Refusal
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.categories import POLICIES, Again, Next
from blogforge_llm.engine.types import (
    AttemptFailed,
    CallError,
    Candidate,
    Completed,
    Completion,
    EngineError,
    Event,
    Message,
    Outcome,
    Recorder,
    Request,
)
from blogforge_llm.records.tasks import AttemptStatus, Category

LONGEST_WAIT_S = 10.0  # for a Retry-After
_PAUSE_S = (0.2, 0.5)
_ROOM_S = 1.0  # of the deadline, left for the answer after a wait
_LOOK_S = (0.02, 0.5)  # between two looks, at first and later, at a limit that nobody knows the end of
_NOT_HEARD = Outcome(AttemptStatus.CANCELLED, Category.CANCELLED)


def stream(
    request: Request,
    candidates: Sequence[Candidate],
    *,
    recorder: Recorder,
    cancellation: Cancellation | None = None,
    admission: Admission | None = None,
) -> Generator[Event, None, None]:
    """Events up to Completed. Raises EngineError. Closing it stops the running call and records it as cancelled."""
    run = _Run(request, candidates, recorder, cancellation or Cancellation(), admission or Everyone(), streaming=True)
    return run.events()


def complete(
    request: Request,
    candidates: Sequence[Candidate],
    *,
    recorder: Recorder,
    cancellation: Cancellation | None = None,
    admission: Admission | None = None,
) -> Completion:
    """The accepted answer, asked for without streaming. Raises EngineError."""
    run = _Run(request, candidates, recorder, cancellation or Cancellation(), admission or Everyone(), streaming=False)
    return next(event.completion for event in run.events() if isinstance(event, Completed))


class _Run:
    """The state of one request: who is left, what has been repeated, how much time there is."""

    def __init__(
        self,
        request: Request,
        candidates: Sequence[Candidate],
        recorder: Recorder,
        cancellation: Cancellation,
        admission: Admission,
        *,
        streaming: bool,
    ) -> None:
        self._original = self._request = request
        self._candidates = list(candidates)
        self._recorder = recorder
        self._cancellation = cancellation
        self._admission = admission
        self._streaming = streaming
        self._deadline = time.monotonic() + request.deadline_s
        self._attempts = 0
        self._position = 0
        self._conditions: list[Callable[[Candidate], bool]] = []  # what earlier failures demand of those who follow
        self._repeated: set[tuple[int, bool]] = set()  # position, and whether it was to mend its answer
        self._failed: set[int] = set()
        self._last_failure: EngineError | None = None

    def events(self) -> Generator[Event, None, None]:
        while True:
            candidate = self._admitted()
            self._attempts += 1
            try:
                result = yield from attempts.run(self._ask(candidate), self._recorder, self._cancellation)
            except BaseException:  # nobody wants the answer, or nobody could write it down
                self._admission.report(candidate, _NOT_HEARD)
                raise
            self._admission.report(candidate, result.outcome)
            if result.error is None:
                yield Completed(self._completion(candidate, result))
                return
            wait_s = self._after(candidate, result.error, result.text)
            yield AttemptFailed(self._attempts, candidate, result.error.category, self._upcoming())
            self._cancellation.wait(wait_s)

    def _admitted(self) -> Candidate:
        """The one to ask now, waited for where limits hold up all of them. Raises EngineError if there is none, or no
        time."""
        lines: set[Line] = set()
        try:
            return self._waited_for(lines)
        finally:
            for line in lines:
                line.leave()

    def _waited_for(self, lines: set[Line]) -> Candidate:
        position, request = self._position, self._request
        look_s, longest_look_s = _LOOK_S
        while True:
            if self._cancellation.is_set:
                raise self._error(Category.CANCELLED)
            if time.monotonic() >= self._deadline:
                raise self._error(Category.DEADLINE_EXCEEDED)
            self._position, self._request = position, request
            refusals: list[Refusal] = []
            if (candidate := self._first_admitted(refusals)) is not None:
                return candidate
            awaited = [refusal for refusal in refusals if refusal.may_wait]
            waits = [look_s if refusal.opens_in_s is None else refusal.opens_in_s for refusal in awaited]
            wait_s = min(waits, default=math.inf)
            if time.monotonic() + wait_s + _ROOM_S > self._deadline:
                raise self._nobody(refusals)
            wait_s = min(wait_s, *(refusal.look_in_s for refusal in awaited))
            now_in = {refusal.line for refusal in awaited if refusal.line is not None}
            for line in now_in:
                line.keep(wait_s)
            lines |= now_in
            # Not all that wait at the same moment, and not for ever in step.
            self._cancellation.wait(wait_s + random.uniform(0.0, 0.02))
            look_s = min(2 * look_s, longest_look_s)

    def _first_admitted(self, refusals: list[Refusal]) -> Candidate | None:
        """The first one left that may be asked now; why the others may not is added to `refusals`."""
        while (upcoming := self._upcoming()) is not None:
            candidate = pricing.priced_at(upcoming, datetime.now(UTC))  # it is paid at the price its call begins with
            refusal = self._admission.may_ask(candidate)
            if refusal is None:
                return candidate
            # A spent budget is spent for all who cost something, so each is asked: one that is free, or cheap enough,
            # may still answer.
            refusals.append(refusal)
            self._position += 1
            self._request = self._original
        return None

    def _nobody(self, refusals: list[Refusal]) -> EngineError:
        spent = next((refusal for refusal in refusals if refusal.category is Category.BUDGET_EXCEEDED), None)
        if spent is not None:  # what somebody can act on, whatever failed before
            return EngineError(spent.category, spent.message, attempts=self._attempts)
        if self._last_failure is not None:
            return self._last_failure
        if refusals:
            return _refused(refusals)
        message = "There is no model to ask. Add one to the route, or choose another route."
        return EngineError(Category.MODEL_NOT_FOUND, message)

    def _after(self, candidate: Candidate, error: CallError, said: str) -> float:
        """Decide what follows a failure: moves on or stays. Returns the seconds to wait before it."""
        self._failed.add(candidate.model_id)
        self._last_failure = self._error(error.category, candidate)
        wait_s = self._wait_before_again(candidate, error)
        if wait_s is None:
            self._move_on(candidate, error.category)
            return 0.0
        is_to_mend = POLICIES[error.category].again is Again.NAMING_THE_BREACH
        self._repeated.add((self._position, is_to_mend))
        if is_to_mend:
            self._request = _naming(self._request, error, said)
        return wait_s

    def _wait_before_again(self, candidate: Candidate, error: CallError) -> float | None:
        """How long to wait before asking the same model again; None when it is not to be asked."""
        again = POLICIES[error.category].again
        # Once, whatever it fails with then: a server that finds a new error every time would be asked ever again.
        if again is Again.NO or (self._position, again is Again.NAMING_THE_BREACH) in self._repeated:
            return None
        if again in (Again.IF_LAST, Again.AFTER_WAIT) and self._rest_after(candidate, error.category):
            return None
        if again is Again.AFTER_WAIT and error.retry_after_s is None:
            return None
        pause_s = 0.0 if again is Again.NAMING_THE_BREACH else random.uniform(*_PAUSE_S)
        wait_s = max(pause_s, error.retry_after_s or 0.0)
        return wait_s if wait_s <= LONGEST_WAIT_S and time.monotonic() + wait_s < self._deadline else None

    def _move_on(self, candidate: Candidate, category: Category) -> None:
        self._conditions.append(self._may_follow(candidate, category))
        self._position += 1
        self._request = self._original

    def _may_follow(self, candidate: Candidate, category: Category) -> Callable[[Candidate], bool]:
        """What the failure of this candidate demands of those who are asked after it."""
        follows = POLICIES[category].next
        if follows is Next.NONE:
            return lambda other: False
        if follows is Next.OTHER_KEY:
            return lambda other: _key(other) != _key(candidate)
        if follows is Next.LARGER_WINDOW:
            window = candidate.context_window or pricing.estimate_prompt(self._request.messages)
            return lambda other: (other.context_window or 0) > window
        if category is Category.RATE_LIMIT:  # limits are a key's: the same model with another key may have room
            return lambda other: True
        return lambda other: _model(other) != _model(candidate)

    def _upcoming(self) -> Candidate | None:
        while self._position < len(self._candidates):
            candidate = self._candidates[self._position]
            if self._is_eligible(candidate):
                return candidate
            self._position += 1
        return None

    def _rest_after(self, candidate: Candidate, category: Category) -> list[Candidate]:
        """Who would be left if this candidate failed so."""
        may_follow = self._may_follow(candidate, category)
        rest = self._candidates[self._position + 1 :]
        return [other for other in rest if self._is_eligible(other) and may_follow(other)]

    def _is_eligible(self, candidate: Candidate) -> bool:
        return all(condition(candidate) for condition in self._conditions)

    def _ask(self, candidate: Candidate) -> attempts.Ask:
        others = len(self._rest_after(candidate, Category.TIMEOUT))
        left_s = self._deadline - time.monotonic()
        # Of a short deadline those that follow must have a part, too.
        first_s = min(candidate.first_token_timeout_s, self._original.deadline_s / 2)
        if not others:
            first_s = left_s
        elif not (self._streaming and candidate.streams):
            # Nothing can be seen before the whole answer is there, so a first-token limit would cut off long ones: an
            # even share of the time left, so that the others keep theirs.
            first_s = max(first_s, left_s / (1 + others))
        return attempts.Ask(self._attempts, self._request, candidate, self._deadline, first_s, self._streaming)

    def _completion(self, candidate: Candidate, result: attempts.Result) -> Completion:
        outcome = result.outcome
        return Completion(
            text=result.text,
            served_by=candidate,
            finish_reason=outcome.finish_reason or "",
            usage=outcome.usage,
            cost=outcome.cost,
            cost_source=outcome.cost_source,
            attempts=self._attempts,
        )

    def _error(self, category: Category, candidate: Candidate | None = None) -> EngineError:
        model, provider = (
            (candidate.model_name, candidate.provider_name) if candidate else ("the model", "the provider")
        )
        message = POLICIES[category].advice.format(model=model, provider=provider)
        if len(self._failed) > 1 and POLICIES[category].next is not Next.NONE:
            message = f"None of the {len(self._failed)} models answered. The last one: {message}"
        return EngineError(category, message, attempts=self._attempts)


def _key(candidate: Candidate) -> tuple[int, int | None]:
    return candidate.provider_id, candidate.key_id


def _model(candidate: Candidate) -> tuple[int, int]:
    return candidate.provider_id, candidate.model_id


def _refused(refusals: list[Refusal]) -> EngineError:
    """When nobody may be asked: what is said of the one who may be soonest."""
    soonest = min(refusals, key=lambda refusal: math.inf if refusal.opens_in_s is None else refusal.opens_in_s)
    others = f"None of the {len(refusals)} choices can be asked right now. The next one: " if len(refusals) > 1 else ""
    return EngineError(soonest.category, others + soonest.message, opens_in_s=soonest.opens_in_s)


def _naming(request: Request, error: CallError, said: str) -> Request:
    """The request with the refused answer and the reason. An empty answer is left out: providers refuse those."""
    breach = error.text if error.http_status is None else "It was not valid JSON."  # Groq checks json_object itself
    again = (Message.of("user", contracts.reminder(breach)),)
    return replace(
        request, messages=request.messages + ((Message.of("assistant", said),) if said.strip() else ()) + again
    )
