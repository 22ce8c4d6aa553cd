"""A task that runs, and what became of it."""

from __future__ import annotations

import threading

from blogforge_llm import db, runner
from blogforge_llm.records.tasks import Attempt, Task
from blogforge_llm.services.tasks import attempts, tasks
from tests.provider_standin import Gate


def get(task_id: int) -> Task:
    with db.connection() as conn:
        return tasks.get(conn, task_id=task_id)


def rows(task_id: int) -> list[Attempt]:
    with db.connection() as conn:
        return attempts.list_(conn, task_id=task_id)


def begin(task_id: int, gate: Gate) -> threading.Thread:
    """Run it until its answer stands at the gate."""
    run = threading.Thread(target=runner.run_queued, args=(task_id,))
    run.start()
    gate.wait_held(1)
    return run
