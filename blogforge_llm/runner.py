"""The one place that joins services and engine: start (tx) -> ask -> finish (tx). No transaction is open while asking.

A queued task is run by a worker's job, an awaited one (a provider test, the gateway) in the caller's process; the loop
and the rows are the same. What a run writes down on its way is in recorder.py.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from uuid import UUID, uuid4

from blogforge_llm import db, openings, tracing
from blogforge_llm.config import Settings
from blogforge_llm.engine import adapters, fallback
from blogforge_llm.engine.adapters import llm_library
from blogforge_llm.engine.admission import Admission, Chain
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.budgets import Budgets
from blogforge_llm.engine.calls import Call, Cancellation
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import (
    AttemptStarted,
    CallError,
    Candidate,
    Completed,
    Completion,
    DiscoveredModel,
    EngineError,
    Event,
    Request,
    TextDelta,
)
from blogforge_llm.live.writer import FrameWriter
from blogforge_llm.openings import Opening
from blogforge_llm.presence import presence
from blogforge_llm.recorder import Lost, Recorder, Tally, log_run, persist
from blogforge_llm.records.tasks import Category, Lease, Task, TaskStatus, Work
from blogforge_llm.services.prompts import outcomes
from blogforge_llm.services.registry import encryption
from blogforge_llm.services.tasks import attempts, tasks
from blogforge_llm.standing import Standing

log = logging.getLogger(__name__)

DISCOVERY_S = 15.0  # however slowly a list drips in

_writer = FrameWriter()
_is_stopping = threading.Event()


def configure(settings: Settings) -> None:
    """What a process must be told once before it asks anybody: the key to the providers' keys, and llm's own folder."""
    encryption.configure(settings.secret_key)
    llm_library.configure(settings.data_dir / "llm")


def run_queued(task_id: int) -> None:
    """What the queue delivers. Safe to run twice: only one run gets the task."""
    _drain(_run(task_id, Tally(), streaming=True))


def ask_now(task_id: int, *, is_test: bool = False) -> Task:
    """Run an awaited task (tasks.create with is_queued=False) here and now; the task as it ended.

    A test asks whatever the circuits say, and closes them when it is answered.
    """
    run_now(task_id, is_test=is_test)
    with db.connection() as conn:
        return tasks.get(conn, task_id=task_id)


def run_now(task_id: int, *, is_test: bool = False) -> None:
    """The same for who reads the task later."""
    presence.join("web")
    _drain(_run(task_id, Tally(), streaming=False, is_test=is_test))


def lease() -> Lease:
    """For a task that is made to run here at once: give it to tasks.create."""
    presence.join("web")
    return Lease(uuid4(), presence.worker_id)


def stream_leased(task: Work, asked: list[Candidate], tally: Tally) -> Generator[Event, None, None]:
    """Run a task made with a lease and hand on what comes; rows are written before Completed is. Raises EngineError.

    Begin it in any case, for the task runs already. Closing it then stops the call; an EngineError thrown into it is
    how the task ends. `tally` is kept up to date.
    """
    assert task.run_id is not None
    run = _run_of(task, task.run_id, Cancellation(), tally, is_streaming=True)
    presence.running[task.id] = run.cancellation
    try:
        yield from _ask_and_finish(run, asked)
    finally:
        presence.running.pop(task.id, None)


def cancel_here(task_id: int) -> None:
    """Stop what this process runs for the task, from any thread: nobody waits for it any more."""
    presence.cancel(task_id)


def discover(candidate: Candidate) -> list[DiscoveredModel]:
    """The provider's own list of models, if it comes in time. Raises engine.types.CallError."""
    with Call(deadline=time.monotonic() + DISCOVERY_S) as call:
        try:
            return call.run(adapters.load(candidate.kind).list_models, candidate)
        except CallError as error:
            if call.reason is None:
                raise
            text = f"sent no list of models within {DISCOVERY_S:.0f} seconds"
            raise CallError(Category.TIMEOUT, text) from error


def stop() -> None:
    """Give back what this process runs: the tasks are queued again, for other workers."""
    _is_stopping.set()
    presence.cancel_all()


def _drain(events: Generator[Event, None, None]) -> None:
    with contextlib.suppress(EngineError):  # it is on the task's row
        deque(events, maxlen=0)


def _run(task_id: int, tally: Tally, *, streaming: bool, is_test: bool = False) -> Generator[Event, None, None]:
    run_id = uuid4()
    cancellation = Cancellation()
    # Before the start: a cancellation that comes right after it must find something to stop.
    presence.running[task_id] = cancellation
    try:
        found = openings.begin(task_id, run_id, worker_id=presence.worker_id)
        if found is not None:
            task, asked, opening = found
            try:
                tracing.adopt(task.request_id)
                run = _run_of(task, run_id, cancellation, tally, is_streaming=streaming, opening=opening)
                yield from _ask_and_finish(run, asked, is_test=is_test)
            finally:
                if opening is not None:
                    opening.rows()
    finally:
        if presence.running.get(task_id) is cancellation:
            del presence.running[task_id]


@dataclass(frozen=True, slots=True)
class _RunOf:
    """One run of a task: what it is known by, what is asked, what it writes down, and how it is stopped."""

    id: UUID
    task: Work
    request: Request
    cancellation: Cancellation
    tally: Tally
    recorder: Recorder
    is_streaming: bool


def _run_of(
    task: Work,
    run_id: UUID,
    cancellation: Cancellation,
    tally: Tally,
    *,
    is_streaming: bool,
    opening: Opening | None = None,
) -> _RunOf:
    request = tasks.request_of(task)
    recorder = Recorder(task, run_id, tally, request.messages, opening=opening)
    return _RunOf(run_id, task, request, cancellation, tally, recorder, is_streaming)


def _ask_and_finish(run: _RunOf, asked: list[Candidate], *, is_test: bool = False) -> Generator[Event, None, None]:
    try:
        completion = yield from _ask(run, asked, _admission(run, asked, is_test=is_test))
    except Lost:
        # Stopped before its call began, and then still ours to end; or another run's, and then nothing is to be done.
        if run.recorder.has_begun or run.cancellation.is_set or _is_cancelled(run.task.id):
            _end(run, Category.CANCELLED, "Stopped on request.")
        raise EngineError(Category.CANCELLED, "Stopped on request.", attempts=run.tally.attempts) from None
    except EngineError as error:
        _end(run, error.category, str(error))
        raise
    except GeneratorExit:
        _end(run, Category.CANCELLED, "The program that asked went away.")
        raise
    except Exception as error:
        if not run.recorder.has_begun:  # the database did not answer: the task waits for another run
            raise
        log.exception("task %s failed inside", run.task.id)
        message = "Something broke on our side. Try again; the log tells an admin why."
        _end(run, Category.SERVER_ERROR, message)
        raise EngineError(Category.SERVER_ERROR, message, attempts=run.tally.attempts) from error
    persist(lambda conn: _succeed(conn, run, completion), is_one_statement=run.task.is_awaited)
    _log(run, TaskStatus.SUCCEEDED, served_by=completion.served_by)
    yield Completed(completion)


def _admission(run: _RunOf, asked: list[Candidate], *, is_test: bool) -> Admission:
    """What every call must pass: rights, circuits, limits, budgets."""
    # They were read a moment ago. Where the first call is on its way, nobody else's circuit matters until it has ended.
    is_clear = not run.recorder.has_begun or not any(candidate.is_held_back for candidate in asked)
    breakers = Breakers(asked, run.id, is_test=is_test, is_clear=is_clear)
    budgets = Budgets(run.request, task_id=run.task.id, run_id=run.id)
    return Chain(Standing(run.task.asked_by), breakers, Limiter(run.request), budgets)


def _succeed(conn: db.Connection, run: _RunOf, completion: Completion) -> None:
    is_ours = tasks.succeed(conn, task_id=run.task.id, run_id=run.id, completion=completion, answer=run.recorder.answer)
    if is_ours and not run.task.is_awaited:
        outcomes.offer(conn, task_id=run.task.id)


def _ask(run: _RunOf, asked: list[Candidate], admission: Admission) -> Generator[Event, None, Completion]:
    task, request, recorder = run.task, run.request, run.recorder
    try:
        if not run.is_streaming:
            return fallback.complete(
                request, asked, recorder=recorder, cancellation=run.cancellation, admission=admission
            )
        events = fallback.stream(request, asked, recorder=recorder, cancellation=run.cancellation, admission=admission)
        with contextlib.closing(events):
            for event in events:
                if isinstance(event, Completed):
                    return event.completion
                if not task.is_awaited:
                    _show(task.id, event, recorder)
                yield event
    finally:
        run.tally.came_back()
        _writer.end(task.id)
    raise AssertionError("the engine ended without an answer or an error")


def _show(task_id: int, event: Event, recorder: Recorder) -> None:
    """To the live text: what somebody awaits here and now is read by nobody else."""
    if isinstance(event, AttemptStarted):
        _writer.begin(task_id, recorder.position(event.attempt))
    elif isinstance(event, TextDelta):
        _writer.append(task_id, event.text)


def _end(run: _RunOf, category: Category, message: str) -> None:
    answer = run.recorder.answer
    is_cancelled = category is Category.CANCELLED
    is_released = is_cancelled and _is_stopping.is_set() and not _is_cancelled(run.task.id)

    def write(conn: db.Connection) -> bool:
        if not _is_begun(conn, run):
            return False
        if is_released:
            if answer is not None:
                attempts.finish(conn, attempt_id=answer[0], outcome=answer[1])
            tasks.release(conn, task_id=run.task.id, run_id=run.id)
            return True
        return tasks.fail(conn, task_id=run.task.id, run_id=run.id, category=category, message=message, answer=answer)

    if not persist(write, is_one_statement=not is_released and run.recorder.has_begun):
        log.info("task %s: run %s no longer holds it", run.task.id, run.id)
        return
    status = TaskStatus.CANCELLED if is_cancelled else TaskStatus.FAILED
    _log(run, TaskStatus.QUEUED if is_released else status, category=category)


def _is_begun(conn: db.Connection, run: _RunOf) -> bool:
    """A task that no call was made for is taken, to be ended by its own run; False where another one has it."""
    if run.recorder.has_begun:
        return True
    if (unused := run.recorder.unused()) is not None:
        attempts.withdraw(conn, attempt_id=unused["id"])
        run.recorder.begin(unused["started_at"])
        return True
    began = tasks.start(conn, task_id=run.task.id, run_id=run.id, worker_id=presence.worker_id)
    if began is not None:
        run.recorder.begin(began)
    return began is not None


def _log(
    run: _RunOf, status: TaskStatus, *, category: Category | None = None, served_by: Candidate | None = None
) -> None:
    log_run(run.task, run.id, run.tally, status, category=category, served_by=served_by, began=run.recorder.began)


def _is_cancelled(task_id: int) -> bool:
    with db.connection() as conn:
        return tasks.get(conn, task_id=task_id).cancel_requested_at is not None
