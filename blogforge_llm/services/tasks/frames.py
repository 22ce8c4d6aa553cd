"""Live text as it is written and read. Rows are short-lived: the answer itself is on the task and its attempts."""

from __future__ import annotations

from collections.abc import Sequence

from blogforge_llm import db
from blogforge_llm.records.tasks import Frame
from blogforge_llm.services import texts

sql = db.load("tasks/frames")


def create(conn: db.Connection, frames: Sequence[tuple[int, Frame]]) -> set[int]:
    """Write several tasks' frames, (task_id, frame), in one transaction. Returns the tasks whose frame was written; one
    that is missing there had lost its earlier frames and wants a reset."""
    # A lost frame costs a reset, a flushed one 20 ms: these rows need not survive a power cut.
    conn.execute("SET LOCAL synchronous_commit = off")
    rows = sql.create_frames(
        conn,
        task_ids=[task_id for task_id, _ in frames],
        attempts=[frame.attempt for _, frame in frames],
        seqs=[frame.seq for _, frame in frames],
        resets=[frame.is_reset for _, frame in frames],
        texts=[texts.storable(frame.text) for _, frame in frames],
    )
    return {row["task_id"] for row in rows}


def list_after(conn: db.Connection, *, task_id: int, attempt: int = 0, seq: int = 0) -> list[Frame]:
    return [Frame(**row) for row in sql.list_frames(conn, task_id=task_id, attempt=attempt, seq=seq)]


def exists(conn: db.Connection, *, task_id: int, attempt: int, seq: int) -> bool:
    return bool(sql.frame_exists(conn, task_id=task_id, attempt=attempt, seq=seq))


def forget_finished(conn: db.Connection) -> int:
    count: int = sql.delete_finished_frames(conn)
    return count
