"""What became of a task."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.records.tasks import Attempt, Task
from blogforge_llm.services.tasks import attempts, tasks


def get(task_id: int) -> Task:
    with db.connection() as conn:
        return tasks.get(conn, task_id=task_id)


def rows(task_id: int) -> list[Attempt]:
    with db.connection() as conn:
        return attempts.list_(conn, task_id=task_id)
