"""The one place that joins services and engine: start (tx) -> ask -> finish (tx). No transaction is open while asking.

A queued task is run by a worker's job, an awaited one (a provider test) in the caller's process; the rows are the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg

from blogforge_llm import db
from blogforge_llm.config import Settings
from blogforge_llm.engine import adapters, fallback
from blogforge_llm.engine.adapters import llm_library
from blogforge_llm.engine.admission import Chain
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.fallback import Admission
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import (
    AttemptStarted,
    Candidate,
    Completed,
    Completion,
    DiscoveredModel,
    EngineError,
    Message,
    Outcome,
    TextDelta,
)
from blogforge_llm.errors import DomainError, Unavailable
from blogforge_llm.live.writer import FrameWriter
from blogforge_llm.presence import presence
from blogforge_llm.records.tasks import Category, Task
from blogforge_llm.services.registry import candidates, encryption
from blogforge_llm.services.tasks import attempts, tasks

log = logging.getLogger(__name__)

T = TypeVar("T")

_writer = FrameWriter()
_is_stopping = threading.Event()
_PATIENCE_S = 30.0  # with a database that went away while a model was being asked


def configure(settings: Settings) -> None:
    """What a process must be told once before it asks anybody: the key to the providers' keys, and llm's own folder."""
    encryption.configure(settings.secret_key)
    llm_library.configure(settings.data_dir / "llm")


def run_queued(task_id: int) -> None:
    """What the queue delivers. Safe to run twice: only one run gets the task."""
    _run(task_id)


def ask_now(task_id: int, *, is_test: bool = False) -> Task:
    """Run an awaited task (tasks.create with is_queued=False) here and now; the task as it ended.

    A test asks whatever the circuits say, and closes them when it is answered.
    """
    presence.join("web")
    _run(task_id, is_test=is_test)
    with db.connection() as conn:
        return tasks.get(conn, task_id=task_id)


def discover(candidate: Candidate) -> list[DiscoveredModel]:
    """The provider's own list of models. Raises engine.types.CallError."""
    return adapters.load(candidate.kind).list_models(candidate)


def stop() -> None:
    """Give back what this process runs: the tasks are queued again, for other workers."""
    _is_stopping.set()
    presence.cancel_all()


class _Lost(Exception):
    """The run no longer holds its task: cancelled, or taken for dead and given to another."""


class _Recorder:
    """Attempts to rows, each in its own short transaction; the position of a row names its live text."""

    def __init__(self, task: Task, run_id: UUID) -> None:
        self._task = task
        self._run_id = run_id
        self._own_messages = tasks.request_of(task).messages
        self._rows: dict[int, tuple[int, int]] = {}

    def started(self, attempt: int, candidate: Candidate, messages: tuple[Message, ...]) -> None:
        differing = messages if messages != self._own_messages else None
        with db.connection() as conn:  # one statement is its own transaction
            row = attempts.create(
                conn, task_id=self._task.id, run_id=self._run_id, candidate=candidate, messages=differing
            )
        if row is None:
            raise _Lost
        self._rows[attempt] = row

    def finished(self, attempt: int, outcome: Outcome) -> None:
        attempt_id, _ = self._rows[attempt]
        _persist(lambda conn: attempts.finish(conn, attempt_id=attempt_id, outcome=outcome))

    def position(self, attempt: int) -> int:
        return self._rows[attempt][1]


def _run(task_id: int, *, is_test: bool = False) -> None:
    run_id = uuid4()
    cancellation = Cancellation()
    # Before the start: a cancellation that comes right after it must find something to stop.
    presence.running[task_id] = cancellation
    try:
        started = _start(task_id, run_id)
        if started is not None:
            task, asked = started
            admission = Chain(Breakers(asked, run_id, is_test=is_test), Limiter(tasks.request_of(task)))
            _ask_and_finish(task, asked, admission, run_id, cancellation)
    finally:
        if presence.running.get(task_id) is cancellation:
            del presence.running[task_id]


def _start(task_id: int, run_id: UUID) -> tuple[Task, list[Candidate]] | None:
    with db.connection() as conn:  # each of these statements stands alone
        task = tasks.start(conn, task_id=task_id, run_id=run_id, worker_id=presence.worker_id)
        if task is None:
            return None
        try:
            asked = candidates.list_for(conn, route_id=task.route_id, model_id=task.model_id, user_id=task.created_by)
        except DomainError as error:
            tasks.fail(conn, task_id=task_id, run_id=run_id, category=Category.INVALID_REQUEST, message=str(error))
            return None
    return task, asked


def _ask_and_finish(
    task: Task, asked: list[Candidate], admission: Admission, run_id: UUID, cancellation: Cancellation
) -> None:
    try:
        completion = _ask(task, asked, admission, run_id, cancellation)
    except _Lost:
        log.info("task %s: run %s no longer holds it", task.id, run_id)
    except EngineError as error:
        _end(task, run_id, error.category, str(error))
    except Exception:
        log.exception("task %s failed inside", task.id)
        _end(task, run_id, Category.SERVER_ERROR, "Something broke on our side. Try again; the log tells an admin why.")
    else:
        _persist(lambda conn: tasks.succeed(conn, task_id=task.id, run_id=run_id, completion=completion))


def _ask(
    task: Task, asked: list[Candidate], admission: Admission, run_id: UUID, cancellation: Cancellation
) -> Completion:
    recorder = _Recorder(task, run_id)
    request = tasks.request_of(task)
    if task.is_awaited:
        return fallback.complete(request, asked, recorder=recorder, cancellation=cancellation, admission=admission)
    try:
        for event in fallback.stream(request, asked, recorder=recorder, cancellation=cancellation, admission=admission):
            if isinstance(event, AttemptStarted):
                _writer.begin(task.id, recorder.position(event.attempt))
            elif isinstance(event, TextDelta):
                _writer.append(task.id, event.text)
            elif isinstance(event, Completed):
                return event.completion
    finally:
        _writer.end(task.id)
    raise AssertionError("the engine ended without an answer or an error")


def _end(task: Task, run_id: UUID, category: Category, message: str) -> None:
    if category is Category.CANCELLED and _is_stopping.is_set() and not _is_cancelled(task.id):
        _persist(lambda conn: tasks.release(conn, task_id=task.id, run_id=run_id))
    else:
        _persist(lambda conn: tasks.fail(conn, task_id=task.id, run_id=run_id, category=category, message=message))


def _is_cancelled(task_id: int) -> bool:
    with db.connection() as conn:
        return tasks.get(conn, task_id=task_id).cancel_requested_at is not None


def _persist(write: Callable[[db.Connection], T]) -> T:
    """An answer that is paid for must reach its row: wait for a database that restarts."""
    give_up_at = time.monotonic() + _PATIENCE_S
    pause_s = 0.1
    while True:
        try:
            with db.transaction() as conn:
                return write(conn)
        except (psycopg.OperationalError, Unavailable):
            if time.monotonic() + pause_s > give_up_at:
                raise
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)
