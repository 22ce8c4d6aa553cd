"""Items that wait for what they need: their batch's kind releases them once it is there, or drops them and says why.

The neighbour items.py is what happens to them afterwards. Whoever calls this has locked the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.records.batches import Held, Planned
from blogforge_llm.services.tasks import batches

sql = db.load("tasks/waiting")


def list_(conn: db.Connection, *, batch_id: int) -> list[Held]:
    """In their order."""
    return [Held(**row) for row in sql.list_waiting(conn, batch_id=batch_id)]


def going(conn: db.Connection, *, batch_id: int) -> set[str]:
    """The keys of those that are asked for, or will be without anybody's help."""
    return {row["key"] for row in sql.list_going(conn, batch_id=batch_id)}


def release(conn: db.Connection, *, batch_id: int, planned: Mapping[int, Planned]) -> dict[int, int]:
    """By item what it asks: each has its task from now on, queued. Returns the tasks by item."""
    rows = [batches.row_of(number, item) | {"id": item_id} for number, (item_id, item) in enumerate(planned.items(), 1)]
    made = list(sql.release_items(conn, batch_id=batch_id, items=Jsonb(rows))) if rows else []
    return {row["id"]: row["task_id"] for row in made}


def drop(conn: db.Connection, *, batch_id: int, why: Mapping[int, str]) -> None:
    """By item why it cannot go on, in words."""
    rows: list[dict[str, Any]] = [{"id": item_id, "why": words} for item_id, words in why.items()]
    if rows:
        sql.drop_items(conn, batch_id=batch_id, items=Jsonb(rows))
