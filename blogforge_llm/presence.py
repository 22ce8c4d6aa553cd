"""This process as one that runs tasks: its heartbeat, the ears for cancellations, and the reaper for the dead.

runner.py registers what it runs; a process that has not joined cannot start a task.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import uuid
from collections.abc import Callable

import psycopg

from blogforge_llm import db, measuring
from blogforge_llm.engine import breakers, limits
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.errors import Unavailable
from blogforge_llm.services.ops import ledger, metrics
from blogforge_llm.services.tasks import recovery, tasks, workers

log = logging.getLogger(__name__)

_QUIET_AFTER_OUTAGE_S = 10.0
_BEATS_PER_MEASURE = 5


class Presence:
    """One per process. `running` maps a task to what stops it."""

    def __init__(self) -> None:
        self.worker_id = uuid.uuid4()
        self.running: dict[int, Cancellation] = {}
        self._kind: str | None = None
        self._unheld: set[int] = set()  # running by their rows, and not in `running`, at the last beat
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def join(self, kind: str) -> None:
        """Register and start beating. kind: interactive, batch or web. Doing it twice is doing it once."""
        with self._lock:
            if self._kind is not None:
                return
            with db.transaction() as conn:
                workers.register(conn, worker_id=self.worker_id, kind=kind)
            self._kind = kind
        for name, target in (("presence", self._beat), ("cancellations", self._hear_cancellations)):
            threading.Thread(target=target, name=name, daemon=True).start()

    def leave(self) -> None:
        """Stop beating and say so: what is still held may be taken at once."""
        self._stop.set()
        if self._kind is not None:
            with db.transaction() as conn:
                workers.leave(conn, worker_id=self.worker_id)

    def cancel(self, task_id: int) -> None:
        """Stop it, if it runs here."""
        cancellation = self.running.get(task_id)
        if cancellation is not None:
            cancellation.cancel()

    def cancel_all(self) -> None:
        for cancellation in list(self.running.values()):
            cancellation.cancel()

    def _beat(self) -> None:
        quiet_until = 0.0
        for number in itertools.count():
            if self._stop.wait(workers.BEAT_S):
                return
            try:
                self._once(may_reap=time.monotonic() >= quiet_until)
                if number % _BEATS_PER_MEASURE == 0:
                    self._measure()
            except (psycopg.Error, Unavailable) as error:
                # After an outage nobody's heartbeat is fresh: give the living time to be heard before reaping.
                quiet_until = time.monotonic() + _QUIET_AFTER_OUTAGE_S
                log.warning("no heartbeat: %s", error)

    def _once(self, *, may_reap: bool) -> None:
        with db.transaction() as conn:
            if not workers.beat(conn, worker_id=self.worker_id):
                workers.register(conn, worker_id=self.worker_id, kind=self._kind or "web")
            breakers.renew_leases(conn)
        limits.renew_leases()
        self._cancel_requested()
        with db.transaction() as conn:
            ledger.fold(conn)  # so often, because every call that has a budget reads what is not folded
        if not may_reap:
            return
        with db.transaction() as conn:
            self._disown_forgotten(conn)
            if found := recovery.requeue_lost(conn):
                log.warning("took up tasks that nobody runs: %s", found)

    def _disown_forgotten(self, conn: db.Connection) -> None:
        """Tasks that this process runs by their rows alone, at two beats: one that just began or ends has its time."""
        unheld = recovery.list_running(conn, worker_id=self.worker_id) - set(self.running)
        if forgotten := unheld & self._unheld:
            recovery.disown(conn, worker_id=self.worker_id, task_ids=forgotten)
        self._unheld = unheld

    def _measure(self) -> None:
        """Say what this process measured of itself: a worker has no address that Prometheus could ask."""
        exposition = measuring.exposition()
        with db.connection() as conn:
            metrics.keep_process(conn, worker_id=self.worker_id, exposition=exposition)

    def _hear_cancellations(self) -> None:
        for payload in db.listen("task_cancel", self._stop):
            if payload is not None:
                self.cancel(int(payload))
            else:
                _try(self._cancel_requested)

    def _cancel_requested(self) -> None:
        """What must stop, should a notification have been missed."""
        if self.running:
            with db.connection() as conn:
                for task_id in tasks.list_cancelled(conn, worker_id=self.worker_id):
                    self.cancel(task_id)


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except (psycopg.Error, Unavailable) as error:
        log.warning("could not look for cancelled tasks: %s", error)


presence = Presence()
