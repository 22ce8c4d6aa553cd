"""The delivery of a task."""

from __future__ import annotations

import procrastinate

from blogforge_llm import jobqueue, runner
from blogforge_llm.jobs import noting


def register(app: procrastinate.App) -> None:
    app.task(name="tasks.execute", queue=jobqueue.INTERACTIVE)(noting.errors_of(execute))


def execute(task_id: int) -> None:
    runner.run_queued(task_id)
