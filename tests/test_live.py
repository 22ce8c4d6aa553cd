"""Live text from the writer in one thread to readers in others, through PostgreSQL: exact, resumable, never twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from blogforge_llm import db
from blogforge_llm.engine.types import Message
from blogforge_llm.live import events
from blogforge_llm.live.hub import Hub, LiveStatus, LiveText, Position
from blogforge_llm.live.writer import FrameWriter
from blogforge_llm.records.tasks import Category
from blogforge_llm.services.tasks import frames, tasks
from tests import factories


@pytest.fixture
def hub(pool: str) -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()
    for thread in threading.enumerate():  # a reader that still looks into the database would die with it
        if isinstance(thread, Reader):
            thread.join(10)


@pytest.fixture
def running(pool: str) -> tuple[int, UUID]:
    """A running task and its run."""
    run_id = uuid4()
    with db.transaction() as conn:
        task = tasks.create(conn, actor=factories.make_user(conn), messages=[Message.of("user", "Write.")])
        tasks.start(conn, task_id=task.id, run_id=run_id, worker_id=uuid4())
    return task.id, run_id


class Reader(threading.Thread):
    """Follows a task like a browser: keeps text and position, and says when it has heard something."""

    def __init__(self, hub: Hub, task_id: int, position: Position | None = None) -> None:
        super().__init__(daemon=True)
        self.text, self.position, self.ended = "", position, False
        self.heard = threading.Condition()
        self._events = hub.follow({task_id: position})
        self.start()

    def run(self) -> None:
        for event in self._events:
            with self.heard:
                if isinstance(event, LiveText):
                    self.text = event.frame.text if event.frame.is_reset else self.text + event.frame.text
                    self.position = (event.frame.attempt, event.frame.seq)
                elif isinstance(event, LiveStatus):
                    self.ended = event.state.is_finished
                self.heard.notify_all()

    def wait_for(self, text: str) -> None:
        with self.heard:
            assert self.heard.wait_for(lambda: self.text == text, timeout=10), self.text

    def wait_for_end(self) -> None:
        self.join(10)
        assert self.ended


def finish(task_id: int, run_id: UUID) -> None:
    with db.transaction() as conn:
        tasks.fail(conn, task_id=task_id, run_id=run_id, category=Category.TIMEOUT, message="No answer.")


def test_readers_get_the_text_as_it_is_written(hub: Hub, running: tuple[int, UUID]) -> None:
    task_id, run_id = running
    early, writer = Reader(hub, task_id), FrameWriter()
    writer.begin(task_id, 1)
    writer.append(task_id, "One ")
    early.wait_for("One ")
    late = Reader(hub, task_id)
    late.wait_for("One ")
    writer.append(task_id, " \r\n two")
    writer.end(task_id)
    early.wait_for("One  \r\n two")
    late.wait_for("One  \r\n two")
    finish(task_id, run_id)
    early.wait_for_end()
    late.wait_for_end()


def test_a_lost_connection_resumes_exactly_where_it_was(hub: Hub, running: tuple[int, UUID]) -> None:
    task_id, run_id = running
    writer = FrameWriter()
    writer.begin(task_id, 1)
    first = Reader(hub, task_id)
    writer.append(task_id, "seen")
    first.wait_for("seen")
    writer.append(task_id, " and missed")
    writer.end(task_id)
    again = Reader(hub, task_id, first.position)
    again.wait_for(" and missed")  # nothing of "seen" comes twice
    finish(task_id, run_id)
    again.wait_for_end()


def test_an_unknown_position_gets_the_whole_text(hub: Hub, running: tuple[int, UUID]) -> None:
    task_id, _ = running
    writer = FrameWriter()
    writer.begin(task_id, 1)
    writer.append(task_id, "everything")
    writer.end(task_id)
    Reader(hub, task_id, (7, 99)).wait_for("everything")


def test_a_new_attempt_replaces_the_text(hub: Hub, running: tuple[int, UUID]) -> None:
    task_id, _ = running
    reader, writer = Reader(hub, task_id), FrameWriter()
    writer.begin(task_id, 1)
    writer.append(task_id, "void")
    reader.wait_for("void")
    writer.begin(task_id, 2)
    reader.wait_for("")
    writer.append(task_id, "better")
    reader.wait_for("better")
    Reader(hub, task_id).wait_for("better")


def test_after_a_crash_of_the_database_readers_get_a_reset(hub: Hub, running: tuple[int, UUID]) -> None:
    task_id, _ = running
    reader, writer = Reader(hub, task_id), FrameWriter()
    writer.begin(task_id, 1)
    writer.append(task_id, "before ")
    reader.wait_for("before ")
    with db.transaction() as conn:
        conn.execute("TRUNCATE task_frames")  # what a crash does to an UNLOGGED table
    writer.append(task_id, "after")
    reader.wait_for("before after")
    with db.connection() as conn:
        assert [frame.is_reset for frame in frames.list_after(conn, task_id=task_id)] == [True]


def test_closing_sends_every_reader_away(hub: Hub, running: tuple[int, UUID]) -> None:
    task_id, _ = running
    reader = Reader(hub, task_id)
    hub.close()
    reader.join(2)
    assert not reader.is_alive()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, {12: None, 13: None}),
        ("12:1.40,13:2.7", {12: (1, 40), 13: (2, 7)}),
        ("13:2.7", {12: None, 13: (2, 7)}),
        ("1.40", {12: None, 13: None}),
        ("99:1.1, 12:1.4", {12: (1, 4), 13: None}),
        ("12:x.y,;DROP", {12: None, 13: None}),
    ],
)
def test_where_a_reader_was(header: str | None, expected: dict[int, Position | None]) -> None:
    assert events.positions([12, 13], header) == expected


def test_the_events_of_a_single_task_carry_attempt_and_seq(hub: Hub, running: tuple[int, UUID]) -> None:
    task_id, run_id = running
    writer = FrameWriter()
    writer.begin(task_id, 1)
    writer.append(task_id, "line\r\nnext")
    writer.end(task_id)
    finish(task_id, run_id)
    where = events.positions([task_id], None)
    stream = "".join(events.encode(hub.follow(where), where))
    reset, done = [block for block in stream.split("\n\n") if "event:" in block]
    assert reset.splitlines()[:2] == ["id: 1.1", "event: reset"]
    assert json.loads(reset.splitlines()[2].removeprefix("data: "))["text"] == "line\r\nnext"
    assert "event: done" in done
