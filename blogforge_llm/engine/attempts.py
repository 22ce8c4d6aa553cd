"""One attempt: written down, asked within its limits, checked, written down again. What follows is in fallback.py."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial

from blogforge_llm.engine import adapters, contracts, notices, pricing
from blogforge_llm.engine.calls import Call, Cancellation
from blogforge_llm.engine.masking import mask, storable
from blogforge_llm.engine.types import (
    AttemptStarted,
    CallError,
    Candidate,
    Event,
    Notice,
    Outcome,
    Recorder,
    Reply,
    Request,
    TextDelta,
    Usage,
)
from blogforge_llm.records.tasks import AttemptStatus, Category, Source

log = logging.getLogger(__name__)

_OUR_WORDS = {
    Category.CANCELLED: "stopped on request",
    Category.DEADLINE_EXCEEDED: "the deadline passed",
    Category.TIMEOUT: "sent no content within its time limit",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of whom, and how long it may take. `first_s` bounds the wait for the first content, or for the
    whole answer where nothing is streamed."""

    number: int
    request: Request
    candidate: Candidate
    deadline: float  # time.monotonic()
    first_s: float
    streaming: bool


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended. `text` is cleaned to the contract; of a failed attempt it is what the model said, as it said it."""

    outcome: Outcome
    text: str
    error: CallError | None = None


@dataclass(slots=True)
class _Heard:
    """What came so far: kept apart from the call, since it counts for the bill of a failed one too."""

    began: float = field(default_factory=time.monotonic)
    pieces: list[str] = field(default_factory=list)
    first_token_s: float | None = None
    reply: Reply | None = None
    said: str = ""  # what is billed: the text, and reasoning that nobody is shown
    has_begun: bool = False
    notices: tuple[Notice, ...] = ()
    was_barred: bool = False  # the call was not to be made

    @property
    def heard_s(self) -> float:
        return 0.0 if self.first_token_s is None else time.monotonic() - self.began - self.first_token_s

    def add(self, piece: str) -> str:
        if self.first_token_s is None:
            self.first_token_s = time.monotonic() - self.began
        self.pieces.append(piece := storable(piece))
        return piece

    def ended(self, call: Call) -> None:
        """Take over what only the call knows."""
        self.said = "".join(call.said)
        self.has_begun = call.has_begun
        self.notices = notices.read(call.headers)
        self.was_barred = call.barred is not None

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def usage(self, told: Usage, request: Request) -> Usage:
        """What the provider told; else an estimate, once there is a sign that it has begun to count."""
        said = self.said or self.text
        if told.source is Source.KNOWN or not (said or self.has_begun or self.reply):
            return told
        return pricing.estimate(request.messages, said)


def run(ask: Ask, recorder: Recorder, cancellation: Cancellation) -> Generator[Event, None, Result]:
    """Yields AttemptStarted and TextDelta. The attempt is recorded as finished however this ends, also when the
    consumer closes the generator; unless the recorder forbids the call: what it raises is raised here."""
    recorder.started(ask.number, ask.candidate, ask.request.messages)
    heard = _Heard()
    try:
        yield AttemptStarted(ask.number, ask.candidate)
        heard.reply = reply = yield from _talk(ask, heard, recorder, cancellation)
        text = _accepted(ask.request, reply, heard.text)
    except CallError as error:
        result = Result(_failed(ask, heard, error), heard.text, error)
    except BaseException as error:  # GeneratorExit, mostly: the reader went away
        if heard.was_barred:
            raise
        why = f"left by its reader ({type(error).__name__})"
        recorder.finished(ask.number, _failed(ask, heard, CallError(Category.CANCELLED, why)))
        raise
    else:
        result = Result(_succeeded(ask, heard, reply), text)
    recorder.finished(ask.number, result.outcome)
    return result


def _talk(ask: Ask, heard: _Heard, recorder: Recorder, cancellation: Cancellation) -> Generator[Event, None, Reply]:
    call = Call(
        deadline=ask.deadline, first_s=ask.first_s, idle_s=ask.candidate.idle_timeout_s,
        ready=partial(recorder.written, ask.number),
    )  # fmt: skip
    heard.began = time.monotonic()
    try:
        with call:
            cancellation.covers(call)
            reply = yield from (_streamed if _streams(ask) else _asked)(ask, call, heard)
            if call.reason is Category.CANCELLED:
                raise CallError(Category.CANCELLED, "", usage=reply.usage)
            return reply
    except Exception as error:
        if call.barred is not None:
            raise call.barred from None
        raise _verdict(call, error) from error
    finally:
        cancellation.covers(None)
        heard.ended(call)


def _streamed(ask: Ask, call: Call, heard: _Heard) -> Generator[Event, None, Reply]:
    source = adapters.load(ask.candidate.kind).stream(ask.request, ask.candidate)
    try:
        while call.reason is None:
            try:
                piece = call.run(source.__next__)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            if piece:
                call.hold()
                yield TextDelta(ask.number, heard.add(piece))
            call.progress()
        raise CallError(call.reason, "")
    finally:
        call.run(source.close)


def _asked(ask: Ask, call: Call, heard: _Heard) -> Generator[Event, None, Reply]:
    reply = call.run(adapters.load(ask.candidate.kind).ask, ask.request, ask.candidate)
    text = heard.add(reply.text)
    if ask.streaming:
        yield TextDelta(ask.number, text)
    return reply


def _streams(ask: Ask) -> bool:
    return ask.streaming and ask.candidate.streams


def _verdict(call: Call, error: Exception) -> CallError:
    """A call we stopped fails with whatever its library makes of a dead socket: our reason is the true one."""
    if call.reason is not None:
        return CallError(call.reason, _OUR_WORDS[call.reason], usage=getattr(error, "usage", None))
    if isinstance(error, CallError):
        return error
    log.exception("an adapter raised what it should have translated", exc_info=error)
    return CallError(Category.SERVER_ERROR, f"{type(error).__name__}: {error}")


def _accepted(request: Request, reply: Reply, text: str) -> str:
    """The text cleaned to the contract. Raises CallError when it is no answer to the request."""
    if reply.finish_reason == "content_filter":
        raise CallError(Category.CONTENT_FILTER, "ended with the finish reason content_filter", usage=reply.usage)
    if request.contract is None:
        # Without a contract the caller sees the finish reason and may want an answer that max_tokens cut off, even one
        # that was all reasoning by then.
        is_answer = bool(text.strip()) or reply.finish_reason == "length"
        checked = contracts.Checked(text, None if is_answer else contracts.EMPTY)
    elif reply.finish_reason == "length" and text.strip():
        checked = contracts.Checked(text, contracts.CUT_OFF)
    else:
        checked = contracts.check(text, request.contract)
    if checked.breach is not None:
        raise CallError(Category.OUTPUT_INVALID, checked.breach, usage=reply.usage)
    return checked.text


def _succeeded(ask: Ask, heard: _Heard, reply: Reply) -> Outcome:
    usage = heard.usage(reply.usage, ask.request)
    cost, cost_source = pricing.cost(usage, ask.candidate)
    return Outcome(
        AttemptStatus.SUCCEEDED,
        finish_reason=reply.finish_reason,
        text=heard.text,
        usage=usage,
        cost=cost,
        cost_source=cost_source,
        first_token_s=heard.first_token_s,
        provider_request_id=reply.provider_request_id,
        heard_s=heard.heard_s,
        notices=heard.notices,
    )


def _failed(ask: Ask, heard: _Heard, error: CallError) -> Outcome:
    usage = heard.usage(error.usage, ask.request)
    cost, cost_source = pricing.cost(usage, ask.candidate)
    return Outcome(
        AttemptStatus.CANCELLED if error.category is Category.CANCELLED else AttemptStatus.FAILED,
        category=error.category,
        http_status=error.http_status,
        error_code=mask(error.code, ask.candidate.api_key) if error.code else None,
        error_text=mask(error.text, ask.candidate.api_key),
        finish_reason=heard.reply.finish_reason if heard.reply else None,
        text=heard.text,
        usage=usage,
        cost=cost,
        cost_source=cost_source,
        first_token_s=heard.first_token_s,
        retry_after_s=error.retry_after_s,
        provider_request_id=heard.reply.provider_request_id if heard.reply else None,
        heard_s=heard.heard_s,
        notices=heard.notices,
    )
