"""Live text in: one listener per process, any number of readers. It reads each new frame once and hands it to all."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from blogforge_llm import db
from blogforge_llm.errors import TooMany, Unavailable
from blogforge_llm.records.tasks import Frame, LiveState
from blogforge_llm.services.tasks import frames, tasks

HEARTBEAT_S = 5.0
READERS_MAX = 200  # of the server's 512 threads: pages must stay quick while streams are open

Position = tuple[int, int]  # (attempt, seq) of the last frame a reader has


@dataclass(frozen=True, slots=True)
class LiveText:
    task_id: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class LiveStatus:
    task_id: int
    state: LiveState


LiveEvent = LiveText | LiveStatus | None  # None is a heartbeat

_Item = tuple[int, list[Frame] | None] | None  # (task, new frames | its status changed); None: everybody out


class Hub:
    def __init__(self) -> None:
        self._readers: dict[int, set[queue.SimpleQueue[_Item]]] = {}
        self._read_to: dict[int, Position] = {}
        self._count = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, positions: Mapping[int, Position | None]) -> Iterator[LiveEvent]:
        """Text and status of these tasks, from where the reader was, until all have ended.

        Without a position, or with one that is gone, the whole text comes first, as a reset. Raises TooMany at once.
        """
        inbox: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._enter(positions, inbox)
        return self._events(dict(positions), inbox)

    def close(self) -> None:
        """Send every reader away, so that the process can stop; their browsers come back by themselves."""
        self._stop.set()
        with self._lock:
            for inboxes in self._readers.values():
                for inbox in inboxes:
                    inbox.put(None)

    def _events(self, positions: dict[int, Position | None], inbox: queue.SimpleQueue[_Item]) -> Iterator[LiveEvent]:
        task_ids, open_tasks = list(positions), set(positions)
        try:
            for task_id in task_ids:
                yield from self._catch_up(task_id, positions, open_tasks)
            while open_tasks and not self._stop.is_set():
                try:
                    item = inbox.get(timeout=HEARTBEAT_S)
                except queue.Empty:
                    yield None
                    continue
                if item is None:
                    return
                task_id, new = item
                if task_id not in open_tasks:
                    continue
                if new is None:
                    yield from self._catch_up(task_id, positions, open_tasks)
                    continue
                for frame in new:
                    if (frame.attempt, frame.seq) > (positions[task_id] or (0, 0)):
                        positions[task_id] = (frame.attempt, frame.seq)
                        yield LiveText(task_id, frame)
        finally:
            self._leave(task_ids, inbox)

    def _catch_up(
        self, task_id: int, positions: dict[int, Position | None], open_tasks: set[int]
    ) -> Iterator[LiveText | LiveStatus]:
        """From the tables: frames after the reader's position, then the status."""
        position = positions[task_id]
        with db.connection() as conn:
            # The status first: were it read last, a task could end between the two with frames unseen.
            state = tasks.live_state(conn, task_id=task_id)
            if position and not frames.exists(conn, task_id=task_id, attempt=position[0], seq=position[1]):
                position = None
            attempt, seq = position or (0, 0)
            new = frames.list_after(conn, task_id=task_id, attempt=attempt, seq=seq)
        if position is None:
            new = [_whole(new)] if new else _from_output(state)
        for frame in new:
            positions[task_id] = (frame.attempt, frame.seq)
            yield LiveText(task_id, frame)
        if state.is_finished:
            open_tasks.discard(task_id)
        yield LiveStatus(task_id, state)

    def _enter(self, task_ids: Mapping[int, Position | None], inbox: queue.SimpleQueue[_Item]) -> None:
        with self._lock:
            if self._count >= READERS_MAX:
                raise TooMany("Too many live pages are open on this server. Try again in a moment.", retry_after_s=5)
            self._count += 1
            for task_id in task_ids:
                self._readers.setdefault(task_id, set()).add(inbox)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="live-hub", daemon=True)
                self._thread.start()

    def _leave(self, task_ids: list[int], inbox: queue.SimpleQueue[_Item]) -> None:
        with self._lock:
            self._count -= 1
            for task_id in task_ids:
                self._readers[task_id].discard(inbox)
                if not self._readers[task_id]:
                    del self._readers[task_id]
                    self._read_to.pop(task_id, None)

    def _listen(self) -> None:
        for payload in db.listen("task_live", self._stop):
            if payload is None:
                self._tell_all()
            elif payload[0] == "s":
                self._tell(int(payload[1:]), None)
            else:
                self._try_to_hand_over(int(payload[1:]))

    def _try_to_hand_over(self, task_id: int) -> None:
        try:
            self._hand_over(task_id)
        except (psycopg.Error, Unavailable):
            # Each reader then looks for itself; one that cannot is cut off, and its browser comes back.
            self._tell(task_id, None)

    def _tell_all(self) -> None:
        with self._lock:
            task_ids = list(self._readers)
        for task_id in task_ids:
            self._tell(task_id, None)

    def _tell(self, task_id: int, new: list[Frame] | None) -> None:
        with self._lock:
            for inbox in self._readers.get(task_id, ()):
                inbox.put((task_id, new))

    def _hand_over(self, task_id: int) -> None:
        with self._lock:
            if task_id not in self._readers:
                return
            attempt, seq = self._read_to.get(task_id, (0, 0))
        with db.connection() as conn:
            new = frames.list_after(conn, task_id=task_id, attempt=attempt, seq=seq)
        if new:
            with self._lock:
                self._read_to[task_id] = (new[-1].attempt, new[-1].seq)
            self._tell(task_id, new)


def _whole(all_frames: list[Frame]) -> Frame:
    """Everything that is to be seen now, as one reset at the last position."""
    last = all_frames[-1]
    text = ""
    for frame in all_frames:
        if frame.attempt == last.attempt:
            text = frame.text if frame.is_reset else text + frame.text
    return Frame(last.attempt, last.seq, True, text)


def _from_output(state: LiveState) -> list[Frame]:
    return [Frame(0, 0, True, state.output)] if state.output else []


hub = Hub()
