"""The worker for batches: lanes that each ask for one item at a time (turns.py), and the one loop that claims items for
them and writes how they ended, several at a time. What must survive is in rows: a worker that dies loses nothing.

runner.py does the same for tasks that somebody waits for, one by one and as live text.
"""

from __future__ import annotations

import functools
import logging
import math
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor

import psycopg

import blogforge_llm.services.editorial.run_items  # noqa: F401  what is done with the answers of runs
from blogforge_llm import db
from blogforge_llm.engine import clients
from blogforge_llm.engine.admission import is_counted_by_none
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.types import Candidate
from blogforge_llm.errors import DomainError, Unavailable
from blogforge_llm.presence import presence
from blogforge_llm.records.batches import Ended
from blogforge_llm.records.tasks import Category, Task
from blogforge_llm.services.registry import candidates
from blogforge_llm.services.tasks import attempts, items
from blogforge_llm.turns import News, Rest, Turn, released, take

log = logging.getLogger(__name__)

SLOTS = 64  # items asked at once by one process
_ROUND_S = 0.02  # between two rounds: what ended meanwhile is written together, and claimed anew
_AHEAD_MAX = 24  # items of a batch that are claimed and wait for a lane
_LOOK_S = 1.0  # without news
_REST_S = (0.2, 15.0)  # the shortest and the longest a batch rests before somebody looks again
_LONG_REST_S = 600.0  # for more than this a person must decide
_UNWRITTEN = "The answer could not be stored. Retry it; the log tells an admin why."


class Lanes:
    """`run` works until `stop`, then until what runs has ended; `abandon` gives the rest back."""

    def __init__(self, slots: int = SLOTS) -> None:
        self._slots = slots
        self._ready: deque[Turn] = deque()  # claimed, and waiting for a lane or for room in their batch
        self._calling: Counter[int] = Counter()  # by batch
        self._room: dict[int, int] = {}  # how many of a batch this process may ask at once
        self._took_s: dict[int, float] = {}  # a turn of the batch lately
        self._round_s = _ROUND_S  # from one round to the next lately
        self._news: list[News] = []
        self._changed = threading.Condition()
        self._is_woken = True
        self._stopping = threading.Event()
        self._abandoning = threading.Event()
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="lane")

    def run(self) -> None:
        threading.Thread(target=self._listen, name="batch-work", daemon=True).start()
        tended_at = began = -math.inf
        while not (self._stopping.is_set() and self._held() == 0):
            self._wait()
            began, before = time.monotonic(), began
            self._round_s = 0.8 * self._round_s + 0.2 * min(began - before, 0.1)
            try:
                if time.monotonic() - tended_at > _LOOK_S:
                    tended_at = time.monotonic()
                    _tend()
                self._round()
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("the batches wait for the database: %s", error)
                time.sleep(0.3)
            except psycopg.Error:
                log.exception("a round of the batches failed")
                self._write_one_by_one()
        self._pool.shutdown()

    def stop(self) -> None:
        """Begin nothing more; what is claimed and not begun is given back."""
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

    def _held(self) -> int:
        with self._changed:
            return len(self._ready) + self._calling.total() + len(self._news)

    def _round(self) -> None:
        """Write what ended and claim for the lanes. What could not be written is tried again in the next round."""
        with self._changed:
            if self._stopping.is_set():
                self._news += [News(turn.given_back(), turn.batch_id) for turn in self._ready]
                self._ready.clear()
            news = list(self._news)
            held = self._calling + Counter(turn.batch_id for turn in self._ready)
        free = self._slots - held.total()
        held += Counter(each.batch_id for each in news)
        with db.transaction() as conn:
            locked = items.lock(conn, batch_ids=list({each.batch_id for each in news}))
            if news:
                items.finish(conn, [each.ended for each in news])
                _give_rest(conn, news)
            ahead = {} if self._stopping.is_set() else {batch.id: self._ahead(batch) for batch in locked}
            slots = free + max(ahead.values()) if ahead else 0
            claimed = items.claim(conn, locked, slots=slots, ahead=ahead, worker_id=presence.worker_id)
            turns, refused = self._prepare(conn, claimed)
            for turn in turns:  # before it is known outside: a cancellation must find something to stop
                presence.running[turn.task.id] = turn.cancellation
        with self._changed:
            self._news[: len(news)] = refused
            for batch in locked:  # what other processes hold of it is not ours to ask
                self._room[batch.id] = batch.concurrency - max(0, batch.running - held[batch.id])
            self._ready.extend(turns)
            begun = [each for _ in range(len(self._ready)) if (each := self._pick()) is not None]
        for turn in begun:
            self._pool.submit(self._lane, turn)

    def _ahead(self, batch: items.Locked) -> int:
        """As many as begin until the next round has fed the lanes, on an average: none where a turn takes long."""
        took_s = self._took_s.get(batch.id, math.inf)
        return min(math.ceil(1.5 * self._round_s * batch.concurrency / took_s) if took_s < 2 else 0, _AHEAD_MAX)

    def _prepare(self, conn: db.Connection, claimed: list[Task]) -> tuple[list[Turn], list[News]]:
        """Whom to ask for each, and the rows of first attempts; refused are those whom nobody can be asked for."""
        turns: list[Turn] = []
        refused: list[News] = []
        mark = candidates.get_mark(conn) if claimed else None

        @functools.cache
        def whom(route_id: int | None, model_id: int | None, user_id: int | None) -> list[Candidate]:
            return candidates.list_for(conn, route_id=route_id, model_id=model_id, user_id=user_id, mark=mark)

        for task in claimed:
            try:
                asked = whom(task.route_id, task.model_id, task.asked_by)
            except DomainError as error:
                assert task.batch_id is not None
                refused.append(News(released(task), task.batch_id, Rest(task.batch_id, str(error), None)))
                continue
            is_clear = not any(candidate.is_held_back for candidate in asked)
            turns.append(Turn(task, asked, Cancellation(), is_clear))
        return _written(conn, turns), refused

    def _pick(self) -> Turn | None:
        """The next that may be asked; the caller has the lock."""
        if self._stopping.is_set() or self._calling.total() >= self._slots:
            return None
        for index, turn in enumerate(self._ready):
            if self._calling[turn.batch_id] < self._room[turn.batch_id]:
                del self._ready[index]
                self._calling[turn.batch_id] += 1
                return turn
        return None

    def _lane(self, turn: Turn | None) -> None:
        while turn is not None:
            began = time.monotonic()
            news = take(turn, self._abandoning.is_set)
            took_s = time.monotonic() - began
            presence.running.pop(turn.task.id, None)
            with self._changed:
                self._took_s[turn.batch_id] = 0.8 * self._took_s.get(turn.batch_id, took_s) + 0.2 * took_s
                self._calling[turn.batch_id] -= 1
                self._news.append(news)
                self._changed.notify()
                turn = self._pick()

    def _write_one_by_one(self) -> None:
        """One of them cannot be stored: the others must not wait for it for ever."""
        with self._changed:
            news = list(self._news)
        for each in news:
            try:
                _finish_one(each, each.ended)
            except psycopg.DataError:
                log.exception("the end of task %s cannot be stored", each.ended.task_id)
                _finish_one(each, _unwritten(each.ended))
            with self._changed:
                self._news.remove(each)


def _unwritten(ended: Ended) -> Ended:
    return Ended(ended.task_id, ended.run_id, "failed", error_category=Category.SERVER_ERROR, error_message=_UNWRITTEN)


def _finish_one(news: News, ended: Ended) -> None:
    with db.transaction() as conn:
        items.lock(conn, batch_ids=[news.batch_id])
        items.finish(conn, [ended])


def _written(conn: db.Connection, turns: list[Turn]) -> list[Turn]:
    """With the row of the first attempt, for those whose first call is surely made: one statement for all."""
    sure = [turn for turn in turns if turn.is_clear and is_counted_by_none(turn.asked[0])]
    if not sure:
        return turns
    rows = attempts.create_first(
        conn, asked=[(turn.task.id, turn.task.run_id, turn.asked[0]) for turn in sure if turn.task.run_id]
    )
    return [
        Turn(turn.task, turn.asked, turn.cancellation, turn.is_clear, (*rows[turn.task.id], turn.asked[0]))
        if turn.task.id in rows else turn
        for turn in turns
    ]  # fmt: skip


def _give_rest(conn: db.Connection, news: list[News]) -> None:
    for rest in {each.batch_id: each.rest for each in news if each.rest}.values():
        if rest.seconds is None or rest.seconds > _LONG_REST_S:
            items.pause(conn, batch_id=rest.batch_id, note=rest.note)
        else:
            seconds = min(max(rest.seconds, _REST_S[0]), _REST_S[1])
            items.rest(conn, batch_id=rest.batch_id, seconds=seconds, note=rest.note)


def _tend() -> None:
    with db.transaction() as conn:
        items.tend(conn)
    with db.connection() as conn:
        kinds = items.list_provider_kinds(conn)
    clients.preload(kinds)
