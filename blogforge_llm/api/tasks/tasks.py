"""/api/v1/llm/tasks: make, follow, stop, retry and rerun tasks."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.api.tasks import schemas
from blogforge_llm.live import events
from blogforge_llm.live.hub import hub
from blogforge_llm.records.tasks import Task, TaskStatus
from blogforge_llm.services.tasks import asking, attempts, comparisons, reruns, tasks

bp = Blueprint("tasks", __name__, url_prefix="/api/v1/llm/tasks", description="Pieces of LLM work, and their attempts.")


@bp.get("")
@bp.arguments(schemas.TaskQuery, location="query")
@bp.response(200, schemas.TaskPage)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List tasks, the newest first."""
    status, limit = query.get("status"), query["limit"]
    with db.connection() as conn:
        rows = tasks.list_(
            conn, status=TaskStatus(status) if status else None, before_id=query.get("after"), limit=limit + 1
        )
    return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}


@bp.post("")
@bp.arguments(schemas.TaskIn)
@bp.response(202, schemas.TaskAccepted)
def create(body: dict[str, Any]) -> Task:
    """Ask a model. The answer comes later: poll the task, or follow its stream."""
    with db.transaction() as conn:
        return asking.create(conn, actor=authentication.current(), **body)


@bp.get("/<int:task_id>")
@bp.response(200, schemas.TaskOut)
@bp.alt_response(404, schema=None, description="No such task.")
def show(task_id: int) -> dict[str, Any]:
    """One task with its output, its error and every attempt."""
    with db.connection() as conn:
        return _whole(conn, task_id)


@bp.post("/<int:task_id>/cancel")
@bp.response(202, schemas.TaskAccepted)
def cancel(task_id: int) -> Task:
    """Stop a queued or running task. A running call ends within a second."""
    with db.transaction() as conn:
        return tasks.cancel(conn, actor=authentication.current(), task_id=task_id)


@bp.post("/<int:task_id>/retry")
@bp.response(202, schemas.TaskAccepted)
def retry(task_id: int) -> Task:
    """Queue a failed or cancelled task again; its attempts add up."""
    with db.transaction() as conn:
        return tasks.retry(conn, actor=authentication.current(), task_id=task_id)


@bp.post("/<int:task_id>/rerun")
@bp.arguments(schemas.RerunIn, required=False)
@bp.response(202, schemas.TaskAccepted)
@bp.alt_response(404, description="No such task.")
@bp.alt_response(409, description="Its template is archived.")
def rerun(data: dict[str, Any], task_id: int) -> Task:
    """Ask the same again as a new task

    With its messages byte for byte, or with what its template says now of the same inputs.
    """
    prompt = reruns.Prompt(data["prompt"])
    with db.transaction() as conn:
        return reruns.create(conn, actor=authentication.current(), task_id=task_id, prompt=prompt)


@bp.get("/<int:task_id>/comparison")
@bp.arguments(schemas.ComparisonQuery, location="query")
@bp.response(200, schemas.ComparisonOut)
@bp.alt_response(404, description="No such task.")
@bp.alt_response(409, description="Its template is archived.")
def compare(query: dict[str, Any], task_id: int) -> comparisons.Comparison:
    """Compare a task with another, or its prompt with what the template says today"""
    actor, other = authentication.current(), query.get("other")
    with db.connection() as conn:
        if other is None:
            return comparisons.of_today(conn, actor=actor, task_id=task_id)
        return comparisons.of_tasks(conn, actor=actor, old_id=task_id, new_id=other)


@bp.get("/<int:task_id>/stream")
@bp.doc(
    responses={
        200: {
            "description": "Server-sent events `state`, `delta`, `reset` (replace what you have) and `done`, each with "
            "JSON data. Give the last id you saw as `Last-Event-ID` to resume exactly there.",
            "content": {"text/event-stream": {"schema": events.SCHEMA}},
        }
    }
)
def stream(task_id: int) -> Response:
    """Follow the text as it is written."""
    with db.connection() as conn:
        tasks.live_state(conn, task_id=task_id)
    where = events.positions([task_id], request.headers.get("Last-Event-ID"))
    body = events.encode(hub.follow(where), where)
    return Response(body, content_type=events.CONTENT_TYPE, headers=events.HEADERS)


def _whole(conn: db.Connection, task_id: int) -> dict[str, Any]:
    task = tasks.get(conn, task_id=task_id)
    error = {"category": task.error_category, "message": task.error_message} if task.error_category else None
    values = {name: getattr(task, name) for name in Task.__slots__}
    return values | {
        "error": error,
        "usage": {"input_tokens": task.input_tokens, "output_tokens": task.output_tokens},
        "attempts": attempts.list_for(conn, actor=authentication.current(), task_id=task_id),
    }
