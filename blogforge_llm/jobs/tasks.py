"""The delivery of a task."""

from __future__ import annotations

from procrastinate import Blueprint

from blogforge_llm import runner

blueprint = Blueprint()


@blueprint.task(name="execute")
def execute(task_id: int) -> None:
    runner.run_queued(task_id)
