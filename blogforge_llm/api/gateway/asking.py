"""Ask for a caller who waits, and hand the answer over: whole, whole but as a stream, or as it comes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from flask import Response, after_this_request, g, request

from blogforge_llm import runner
from blogforge_llm.api.gateway import answers, departures, errors
from blogforge_llm.api.gateway.requests import Asked
from blogforge_llm.engine.categories import POLICIES
from blogforge_llm.engine.types import (
    AttemptFailed,
    AttemptStarted,
    Candidate,
    Completed,
    Completion,
    EngineError,
    Event,
    TextDelta,
)
from blogforge_llm.errors import TooMany
from blogforge_llm.recorder import Tally
from blogforge_llm.records.tasks import Category, Task

PLACES = 200  # of the server's threads; live pages have theirs (live/hub.py)
_places = threading.BoundedSemaphore(PLACES)
_STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def take_place() -> None:
    """For the current request, until its answer is sent: a waiting caller holds a thread, and pages need some too.

    Raises TooMany.
    """
    if not _places.acquire(blocking=False):
        raise TooMany(f"{PLACES} requests are being answered here already. Try again in a moment.", retry_after_s=1)

    @after_this_request
    def leave(response: Response) -> Response:
        response.call_on_close(_places.release)
        return response


def answer(task: Task, candidates: list[Candidate], asked: Asked) -> Response:
    """Run the task and answer its caller. Raises Unanswered."""
    call = _Call(task, candidates)
    if asked.is_live:
        return _live(call, answers.Chunks(task, wants_usage=asked.wants_usage))
    try:
        completion = call.completion()
    finally:
        call.end()
    if not asked.is_stream:
        return Response(
            json.dumps(answers.whole(task, completion)), headers=call.headers(), mimetype="application/json"
        )
    counts = completion.usage if asked.wants_running_usage else None
    chunks, model = answers.Chunks(task, wants_usage=asked.wants_usage, counts=counts), completion.served_by.model_name
    text = chunks.first(model) + chunks.text(model, completion.text) + chunks.last(completion)
    return Response(text, headers=call.headers() | _STREAM)


@dataclass(slots=True)
class _Call:
    """A task being run for the current request: its events, and the watch on who waits for them."""

    task: Task
    candidates: list[Candidate]
    tally: Tally = field(default_factory=Tally)
    events: Generator[Event, None, None] = field(init=False)
    model: str = ""
    _began: float = field(init=False)
    _end_watch: Callable[[], None] = field(init=False)

    def __post_init__(self) -> None:
        self._began = g.began
        self.events = runner.stream_leased(self.task, self.candidates, self.tally)
        self._end_watch = departures.watch(request.environ, lambda: runner.cancel_here(self.task.id))

    def completion(self) -> Completion:
        """The answer, however many had to be asked. Raises Unanswered."""
        for found in self._until_text_or_end():
            if isinstance(found, Completed):
                return found.completion
        raise AssertionError("the events end with an answer or an error")

    def first(self) -> TextDelta | Completed:
        """The first text, or the end of an answer without any. Raises Unanswered: nothing was sent by then."""
        return next(
            found
            for found in self._until_text_or_end()
            if isinstance(found, Completed) or (isinstance(found, TextDelta) and found.text)
        )

    def headers(self, *, is_over: bool = True) -> dict[str, str]:
        return answers.headers(self.task, self.tally, began=self._began, is_over=is_over)

    def end(self) -> None:
        """Stop what still runs, and let go of the caller."""
        self.events.close()
        self._end_watch()

    def following(self) -> Iterator[Event]:
        """The next events, with the model that is asked kept in mind. Raises EngineError."""
        for found in self.events:
            if isinstance(found, AttemptStarted):
                self.model = found.candidate.model_name
            yield found
        raise EngineError(Category.CANCELLED, POLICIES[Category.CANCELLED].advice)

    def _until_text_or_end(self) -> Iterator[Event]:
        try:
            yield from self.following()
        except EngineError as error:
            raise errors.Unanswered(error, retry_after_s=self.tally.retry_after_s, headers=self.headers()) from error


def _live(call: _Call, chunks: answers.Chunks) -> Response:
    try:
        first = call.first()
    except BaseException:
        call.end()
        raise
    headers = call.headers(is_over=isinstance(first, Completed)) | _STREAM
    response = Response(_told(call, chunks, first), headers=headers)
    response.call_on_close(call.end)  # also when the body was never asked for
    return response


def _told(call: _Call, chunks: answers.Chunks, first: TextDelta | Completed) -> Iterator[str]:
    """What was sent stands: from the first text on, an answer that breaks off ends with an error."""
    try:
        yield chunks.first(call.model)
        found: Event = first
        following = call.following()
        while not isinstance(found, Completed):
            if isinstance(found, TextDelta):
                yield chunks.text(call.model, found.text)
            elif isinstance(found, AttemptFailed):
                call.events.throw(_broken_off(found))
            found = next(following)
        yield chunks.last(found.completion)
    except EngineError as error:
        yield answers.event(errors.event(error))
    finally:
        call.end()


def _broken_off(failed: AttemptFailed) -> EngineError:
    """Another model could answer, but not go on from here."""
    advice = POLICIES[failed.category].advice.format(
        model=failed.candidate.model_name, provider=failed.candidate.provider_name
    )
    return EngineError(failed.category, advice, attempts=failed.attempt)
