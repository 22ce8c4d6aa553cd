"""Live text out: one writer per process. The first piece at once, later ones at most one write per 50 ms and task."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

import psycopg

from blogforge_llm import db
from blogforge_llm.errors import Unavailable
from blogforge_llm.records.tasks import Frame
from blogforge_llm.services.tasks import frames

log = logging.getLogger(__name__)

EVERY_S = 0.05
_AFTER_FAILURE_S = 0.5


@dataclass(slots=True)
class _Text:
    """One attempt's text: all of it, how much is written, and when the next write may be."""

    attempt: int
    is_reset: bool
    text: str = ""
    written: int = 0
    seq: int = 0
    due: float = 0.0
    has_news: bool = field(default=False)


class FrameWriter:
    def __init__(self) -> None:
        self._texts: dict[int, _Text] = {}
        self._wake = threading.Condition()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, task_id: int, attempt: int) -> None:
        """A new attempt. Unless it is the task's first, what readers have shown is void at once."""
        with self._wake:
            self._texts[task_id] = _Text(attempt, is_reset=attempt > 1, has_news=attempt > 1)
            self._start_thread()
            self._wake.notify()

    def append(self, task_id: int, text: str) -> None:
        with self._wake:
            entry = self._texts[task_id]
            entry.text += text
            if not entry.has_news:  # else the thread already knows when to wake
                entry.has_news = True
                self._wake.notify()

    def end(self, task_id: int) -> None:
        """Write what is left, so that readers have it before they hear of the end."""
        with self._wake:
            entry = self._texts.get(task_id)
        if entry is not None and entry.has_news:
            self._write({task_id: entry})
        with self._wake:
            self._texts.pop(task_id, None)

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._wake:
                now = time.monotonic()
                waiting = {task_id: text for task_id, text in self._texts.items() if text.has_news}
                due = {task_id: text for task_id, text in waiting.items() if text.due <= now}
                if not due:
                    next_due = min((text.due for text in waiting.values()), default=None)
                    self._wake.wait(None if next_due is None else next_due - now)
                    continue
            self._write(due)

    def _write(self, due: dict[int, _Text]) -> None:
        with self._writing:
            batch = [(task_id, self._next_frame(text)) for task_id, text in due.items() if text.has_news]
            try:
                written = self._store(batch) if batch else set()
            except (psycopg.Error, Unavailable) as error:
                log.warning("live text not written, trying again: %s", error)
                written = set()
            for task_id, _ in batch:
                if task_id not in written:
                    self._send_whole(due[task_id])

    def _next_frame(self, entry: _Text) -> Frame:
        with self._wake:
            news, entry.written, entry.has_news = entry.text[entry.written :], len(entry.text), False
            entry.seq += 1
            entry.due = time.monotonic() + EVERY_S
            is_reset, entry.is_reset = entry.is_reset, False
            return Frame(entry.attempt, entry.seq, is_reset, news)

    def _store(self, batch: list[tuple[int, Frame]]) -> set[int]:
        with db.transaction() as conn:
            return frames.create(conn, batch)

    def _send_whole(self, entry: _Text) -> None:
        """The frame or its predecessors are gone: the next one carries everything."""
        with self._wake:
            entry.is_reset, entry.has_news, entry.written = True, True, 0
            entry.due = time.monotonic() + _AFTER_FAILURE_S
