"""Processes that run tasks, known by a heartbeat every two seconds."""

from __future__ import annotations

import os
import socket
from uuid import UUID

from blogforge_llm import db

sql = db.load("tasks/workers")

BEAT_S = 2.0


def register(conn: db.Connection, *, worker_id: UUID, kind: str) -> None:
    """kind: interactive, batch, or web (a process that runs what its requests await)."""
    sql.create_worker(conn, worker_id=worker_id, host=socket.gethostname(), pid=os.getpid(), kind=kind)


def beat(conn: db.Connection, *, worker_id: UUID) -> bool:
    """False when the row is gone: the process was taken for dead and must register again."""
    return bool(sql.beat(conn, worker_id=worker_id))


def leave(conn: db.Connection, *, worker_id: UUID) -> None:
    sql.delete_worker(conn, worker_id=worker_id)


def is_any_alive(conn: db.Connection, *, kind: str = "interactive") -> bool:
    """Whether anybody would take up a queued task."""
    return bool(sql.is_any_alive(conn, kind=kind))


def forget_dead(conn: db.Connection) -> int:
    count: int = sql.delete_dead_workers(conn)
    return count
