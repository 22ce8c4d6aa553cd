"""The delivery of a task."""

from __future__ import annotations

import procrastinate

from blogforge_llm import jobqueue, runner


def register(app: procrastinate.App) -> None:
    app.task(name="tasks.execute", queue=jobqueue.INTERACTIVE)(execute)


def execute(task_id: int) -> None:
    runner.run_queued(task_id)
