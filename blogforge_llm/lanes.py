"""The worker for batches: lanes that each ask for one item, and the one loop that claims items for them and writes how
they ended, several at a time. Nothing is streamed. What must survive is in rows: a worker that dies loses nothing.

The loop's neighbour is runner.py, which does the same for tasks that somebody waits for.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.engine import breakers, fallback
from blogforge_llm.engine.admission import Chain
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.fallback import Refusal
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import Candidate, Completion, EngineError, Outcome
from blogforge_llm.errors import DomainError
from blogforge_llm.presence import presence
from blogforge_llm.recorder import Lost, Recorder, Tally, log_run
from blogforge_llm.records.batches import Ended
from blogforge_llm.records.tasks import Category, Task, TaskStatus
from blogforge_llm.services import texts
from blogforge_llm.services.registry import candidates
from blogforge_llm.services.tasks import items, tasks
from blogforge_llm.standing import Standing

log = logging.getLogger(__name__)

SLOTS = 64  # items asked at once by one process
_ROUND_S = 0.012  # between two rounds: what ended meanwhile is written, and claimed anew, together
_LOOK_S = 1.0  # without news
_FRESH_S = 1.0  # how long it is believed who may be asked for a route
_SHORT_WAIT_S = 2.0  # a limit that opens so soon is waited for in the lane
_REST_S = (0.2, 15.0)  # the shortest and the longest a batch rests before somebody looks again
_LONG_REST_S = 600.0  # for more than this a person must decide
_BROKE = "Something broke on our side. Retry it; the log tells an admin why."


@dataclass(frozen=True, slots=True)
class _Rest:
    """Nobody could be asked for the batch. Without `seconds` nobody knows for how long."""

    batch_id: int
    note: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class _News:
    ended: Ended
    rest: _Rest | None = None


class Lanes:
    """`run` works until `stop`, then until what runs has ended; `abandon` gives the rest back."""

    def __init__(self, slots: int = SLOTS) -> None:
        self._slots = slots
        self._busy = 0
        self._news: list[_News] = []
        self._changed = threading.Condition()
        self._is_woken = True
        self._stopping = threading.Event()
        self._abandoning = threading.Event()
        self._asked: dict[tuple[int | None, int | None, int | None], tuple[float, list[Candidate]]] = {}
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="lane")

    def run(self) -> None:
        threading.Thread(target=self._listen, name="batch-work", daemon=True).start()
        tended_at = -math.inf
        while not (self._stopping.is_set() and self._busy == 0):
            self._wait()
            try:
                if time.monotonic() - tended_at > _LOOK_S and not self._stopping.is_set():
                    tended_at = time.monotonic()
                    with db.transaction() as conn:
                        items.tend(conn)
                self._round()
            except db.FAILURES as error:
                log.warning("the batches wait for the database: %s", error)
                time.sleep(0.3)
        self._pool.shutdown()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping.set()
        self._wake()

    def abandon(self) -> None:
        """Stop what runs: the items are queued again, for other workers."""
        self._abandoning.set()
        presence.cancel_all()

    def _listen(self) -> None:
        for _ in db.listen("batch_work", self._stopping):
            self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._is_woken = True
            self._changed.notify()

    def _wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_woken or self._news, _LOOK_S)
            self._is_woken = False
        time.sleep(_ROUND_S)

    def _round(self) -> None:
        """Write what ended, claim for the free lanes. What could not be written is tried again in the next round."""
        with self._changed:
            news = list(self._news)
            free = 0 if self._stopping.is_set() else self._slots - self._busy + len(news)
        with db.transaction() as conn:
            if news:
                items.finish(conn, [each.ended for each in news])
                _give_rest(conn, news)
            claimed = items.claim(conn, slots=free, worker_id=presence.worker_id) if free else []
        with self._changed:
            del self._news[: len(news)]
            self._busy += len(claimed) - len(news)
            self._is_woken |= bool(claimed) and len(claimed) < free
        self._begin(claimed)

    def _begin(self, claimed: list[Task]) -> None:
        for task in claimed:
            presence.running[task.id] = Cancellation()
        clear: dict[int, bool] = {}
        for task in claimed:
            try:
                asked = self._whom(task)
            except DomainError as error:
                self._report(_News(_released(task), _Rest(task.batch_id or 0, str(error), None)), task)
            except db.FAILURES:
                self._report(_News(_released(task)), task)
            else:
                if id(asked) not in clear:
                    clear[id(asked)] = _is_clear(asked)
                self._pool.submit(self._lane, task, asked, clear[id(asked)])

    def _whom(self, task: Task) -> list[Candidate]:
        """Raises DomainError when nobody can be asked."""
        key = task.route_id, task.model_id, task.asked_by
        read_at, asked = self._asked.get(key, (-math.inf, []))
        if time.monotonic() - read_at > _FRESH_S:
            with db.connection() as conn:
                asked = candidates.list_for(conn, route_id=key[0], model_id=key[1], user_id=key[2])
            self._asked[key] = time.monotonic(), asked
        return asked

    def _lane(self, task: Task, asked: list[Candidate], is_clear: bool) -> None:
        try:
            news = _ask(task, asked, is_clear, self._abandoning.is_set)
        except BaseException:
            log.exception("item of task %s failed inside", task.id)
            news = _News(_failed(task, Category.SERVER_ERROR, _BROKE))
        self._report(news, task)

    def _report(self, news: _News, task: Task) -> None:
        presence.running.pop(task.id, None)
        with self._changed:
            self._news.append(news)
            self._changed.notify()


def _ask(task: Task, asked: list[Candidate], is_clear: bool, is_abandoning: Callable[[], bool]) -> _News:
    assert task.run_id is not None and task.batch_id is not None
    tally, cancellation = Tally(), presence.running[task.id]
    recorder = Recorder(task, task.run_id, tally)
    request = tasks.request_of(task)
    admission = Chain(
        Standing(task.asked_by), _Budget(task.id), Breakers(asked, task.run_id, is_clear=is_clear),
        _Impatient(Limiter(request)),
    )  # fmt: skip
    try:
        completion = fallback.complete(
            request, asked, recorder=recorder, cancellation=cancellation, admission=admission
        )
    except EngineError as error:
        news = _after(task, tally, error, is_abandoning())
    except Lost:
        news = _News(_failed(task, Category.CANCELLED, "Stopped on request."))
    except db.FAILURES as error:
        log.warning("task %s is given back: %s", task.id, error)
        news = _News(_released(task))
    else:
        log_run(task, task.run_id, tally, TaskStatus.SUCCEEDED, served_by=completion.served_by)
        return _News(_succeeded(task, recorder, completion))
    ended = news.ended
    status = TaskStatus.QUEUED if ended.status == "released" else TaskStatus(ended.status)
    log_run(task, task.run_id, tally, status, category=ended.error_category)
    return news


def _after(task: Task, tally: Tally, error: EngineError, is_abandoned: bool) -> _News:
    """What becomes of an item without an answer: what only has to wait is given back, and its batch rests."""
    assert task.batch_id is not None
    if error.category is Category.CANCELLED and is_abandoned:
        return _News(_released(task))
    if error.category is Category.RATE_LIMIT and tally.attempts:
        return _News(_released(task), _Rest(task.batch_id, str(error), tally.retry_after_s or _FRESH_S))
    if not tally.attempts and error.opens_in_s is not None:
        return _News(_released(task), _Rest(task.batch_id, str(error), error.opens_in_s))
    if not tally.attempts and error.category is Category.OVERLOADED:  # a person stopped the calls
        return _News(_released(task), _Rest(task.batch_id, str(error), None))
    return _News(_failed(task, error.category, str(error)))


def _succeeded(task: Task, recorder: Recorder, completion: Completion) -> Ended:
    assert task.run_id is not None and recorder.answer is not None
    return Ended(
        task.id, task.run_id, TaskStatus.SUCCEEDED, output=texts.storable(completion.text),
        served_by_model_id=completion.served_by.model_id, attempt=items.attempt_columns(*recorder.answer),
    )  # fmt: skip


def _failed(task: Task, category: Category, message: str) -> Ended:
    assert task.run_id is not None
    status = TaskStatus.CANCELLED if category is Category.CANCELLED else TaskStatus.FAILED
    return Ended(task.id, task.run_id, status, error_category=category, error_message=message)


def _released(task: Task) -> Ended:
    assert task.run_id is not None
    return Ended(task.id, task.run_id, "released")


def _give_rest(conn: db.Connection, news: list[_News]) -> None:
    for rest in {each.rest.batch_id: each.rest for each in news if each.rest}.values():
        if rest.seconds is None or rest.seconds > _LONG_REST_S:
            items.pause(conn, batch_id=rest.batch_id, note=rest.note)
        else:
            seconds = min(max(rest.seconds, _REST_S[0]), _REST_S[1])
            items.rest(conn, batch_id=rest.batch_id, seconds=seconds, note=rest.note)


def _is_clear(asked: list[Candidate]) -> bool:
    """One look for all that are begun together."""
    try:
        with db.connection() as conn:
            return breakers.are_closed(conn, asked)
    except db.FAILURES:
        return False


class _Budget:
    """The claim looked at the budget for the first call; here it is looked at for every further one."""

    def __init__(self, task_id: int) -> None:
        self._task_id = task_id
        self._calls = 0

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        self._calls += 1
        if self._calls == 1:
            return None
        with db.connection() as conn:
            if items.has_budget(conn, task_id=self._task_id):
                return None
        return Refusal(Category.BUDGET_EXCEEDED, "The batch's budget is used up. Raise it and retry.")

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        """The rows tell it."""


class _Impatient:
    """Does not wait long in a lane that others could use: the batch rests instead."""

    def __init__(self, inner: fallback.Admission) -> None:
        self._inner = inner

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        refusal = self._inner.may_ask(candidate)
        if refusal is None or refusal.opens_in_s is None or refusal.opens_in_s <= _SHORT_WAIT_S:
            return refusal
        return Refusal(refusal.category, refusal.message, refusal.opens_in_s)

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        self._inner.report(candidate, outcome)
