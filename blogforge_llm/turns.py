"""One item's turn in a lane: asked through the engine without streaming, and what becomes of it. Nothing of its end is
written here but failed attempts: lanes.py writes the ends of several turns together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.engine import fallback
from blogforge_llm.engine.admission import Admission, Chain, Refusal
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.budgets import Budgets
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import Candidate, Completion, EngineError, Outcome, Request
from blogforge_llm.recorder import Lost, Recorder, Tally, log_run
from blogforge_llm.records.batches import Ended
from blogforge_llm.records.tasks import Category, Task, TaskStatus
from blogforge_llm.services import texts
from blogforge_llm.services.tasks import items, tasks
from blogforge_llm.services.tasks.attempts import Written
from blogforge_llm.standing import Standing

log = logging.getLogger(__name__)

_SHORT_WAIT_S = 2.0  # a limit that opens so soon is waited for in the lane
_AGAIN_S = 1.0  # after a rate limit that did not say for how long
# Without a time these end by a person alone, who stopped the calls or sets the budget: the batch pauses.
_FOR_A_PERSON = {Category.OVERLOADED, Category.BUDGET_EXCEEDED}
_BROKE = "Something broke on our side. Retry it; the log tells an admin why."


@dataclass(frozen=True, slots=True)
class Rest:
    """Nobody can be asked for the batch now. Without `seconds` nobody knows for how long."""

    batch_id: int
    note: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    """A claimed item that is to be asked. `is_clear`: no circuit stood in the way when it was claimed. `written` is the
    row of its first attempt, where that is surely made."""

    task: Task
    asked: list[Candidate]
    cancellation: Cancellation
    is_clear: bool
    written: Written | None = None

    @property
    def batch_id(self) -> int:
        assert self.task.batch_id is not None
        return self.task.batch_id

    def given_back(self) -> Ended:
        return released(self.task, self.written[0] if self.written else None)


@dataclass(frozen=True, slots=True)
class News:
    """How a turn ended, and whether its batch must rest."""

    ended: Ended
    batch_id: int
    rest: Rest | None = None


def take(turn: Turn, is_abandoning: Callable[[], bool]) -> News:
    """Ask for it. Whatever happens, there is an end of it."""
    task, tally = turn.task, Tally()
    assert task.run_id is not None
    request = tasks.request_of(task)
    recorder = Recorder(task, task.run_id, tally, request.messages, written=turn.written)
    rest = served_by = None
    try:
        completion = _complete(turn, request, recorder)
    except EngineError as error:
        ended, rest = _after(turn, recorder, tally, error, is_abandoning())
    except Lost:
        ended = _failed(task, Category.CANCELLED, "Stopped on request.", recorder)
    except db.FAILURES as error:
        log.warning("task %s is given back: %s", task.id, error)
        ended = released(task, recorder.unused_id)
    except Exception:
        log.exception("task %s failed inside", task.id)
        ended = _failed(task, Category.SERVER_ERROR, _BROKE, recorder)
    else:
        ended, served_by = _succeeded(task, recorder, completion), completion.served_by
    status = TaskStatus.QUEUED if ended.status == "released" else TaskStatus(ended.status)
    log_run(task, task.run_id, tally, status, category=ended.error_category, served_by=served_by)
    return News(ended, turn.batch_id, rest)


def _complete(turn: Turn, request: Request, recorder: Recorder) -> Completion:
    task = turn.task
    assert task.run_id is not None
    admission = Chain(
        Standing(task.asked_by), Breakers(turn.asked, task.run_id, is_clear=turn.is_clear),
        _Impatient(Limiter(request)), Budgets(request, task_id=task.id, run_id=task.run_id),
    )  # fmt: skip
    return fallback.complete(
        request, turn.asked, recorder=recorder, cancellation=turn.cancellation, admission=admission
    )


def _after(
    turn: Turn, recorder: Recorder, tally: Tally, error: EngineError, is_abandoned: bool
) -> tuple[Ended, Rest | None]:
    """What becomes of an item without an answer: what only has to wait is given back, and its batch rests."""
    task = turn.task
    if error.category is Category.CANCELLED and is_abandoned:
        return released(task, recorder.unused_id), None
    rest = None
    if tally.attempts and error.category is Category.RATE_LIMIT:
        rest = Rest(turn.batch_id, str(error), tally.retry_after_s or _AGAIN_S)
    elif not tally.attempts and (error.opens_in_s is not None or error.category in _FOR_A_PERSON):
        rest = Rest(turn.batch_id, str(error), error.opens_in_s)
    if rest is not None:
        return released(task, recorder.unused_id), rest
    return _failed(task, error.category, str(error), recorder), None


def _succeeded(task: Task, recorder: Recorder, completion: Completion) -> Ended:
    assert task.run_id is not None and recorder.answer is not None
    return Ended(
        task.id, task.run_id, TaskStatus.SUCCEEDED, output=texts.storable(completion.text),
        served_by_model_id=completion.served_by.model_id, attempt=items.attempt_columns(*recorder.answer),
    )  # fmt: skip


def _failed(task: Task, category: Category, message: str, recorder: Recorder) -> Ended:
    assert task.run_id is not None
    status = TaskStatus.CANCELLED if category is Category.CANCELLED else TaskStatus.FAILED
    return Ended(
        task.id, task.run_id, status, error_category=category, error_message=message, unused_id=recorder.unused_id
    )


def released(task: Task, unused_id: int | None = None) -> Ended:
    """Given back, to be begun anew."""
    assert task.run_id is not None
    return Ended(task.id, task.run_id, "released", unused_id=unused_id)


class _Impatient:
    """Does not wait long in a lane that others could use: the batch rests instead."""

    def __init__(self, inner: Admission) -> None:
        self._inner = inner

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        refusal = self._inner.may_ask(candidate)
        if refusal is None or refusal.opens_in_s is None or refusal.opens_in_s <= _SHORT_WAIT_S:
            return refusal
        return Refusal(refusal.category, refusal.message, refusal.opens_in_s)

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        self._inner.report(candidate, outcome)
