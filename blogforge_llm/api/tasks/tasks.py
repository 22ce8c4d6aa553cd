"""/api/v1/llm/tasks: make, follow, stop, retry and rerun tasks."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.api.tasks import schemas
from blogforge_llm.live import events
from blogforge_llm.live.hub import hub
from blogforge_llm.records.tasks import Task
from blogforge_llm.services.tasks import asking, attempts, comparisons, exports, filters, log, reruns, tasks

bp = Blueprint("tasks", __name__, url_prefix="/api/v1/llm/tasks", description="Pieces of LLM work, and their attempts.")


@bp.get("")
@bp.arguments(schemas.TaskQuery, location="query")
@bp.response(200, schemas.TaskPage)
@bp.alt_response(503, schema=None, description="The search took too long: narrow the time range.")
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List tasks, the newest first, by any combination of filters."""
    wanted = filters.read(query, takes_empty_spans=True)
    with db.connection() as conn:
        page = log.list_page(
            conn, actor=authentication.current(), wanted=wanted, before_id=query.get("after"), limit=query["limit"]
        )
    return {"items": page.rows, "next": page.older}


@bp.get("/export")
@bp.arguments(schemas.ExportQuery, location="query")
@bp.doc(
    responses={
        200: {
            "description": "Every task of the filter, newest first, streamed: a line of CSV or of JSON for each.",
            "content": {kind.media_type.split(";")[0]: {"schema": {"type": "string"}} for kind in exports.Kind},
        }
    }
)
@bp.alt_response(503, schema=None, description="The search took too long: narrow the time range.")
def export(query: dict[str, Any]) -> Response:
    """Export the tasks of a filter with their messages and outputs, as CSV or JSON lines."""
    kind = exports.kind(query["format"])
    rows = exports.stream(kind, actor=authentication.current(), wanted=filters.read(query, takes_empty_spans=True))
    headers = {"Content-Disposition": f'attachment; filename="{kind.file_name}"'}
    return Response(rows, content_type=kind.media_type, headers=headers)


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
@bp.alt_response(409, description="Its template is archived, or it was asked without one.")
def rerun(data: dict[str, Any], task_id: int) -> Task:
    """Ask the same again as a new task

    With its messages byte for byte, or with what its template says now of the same inputs.
    """
    prompt = reruns.Prompt(data["prompt"])
    with db.transaction() as conn:
        return reruns.create(conn, actor=authentication.current(), task_id=task_id, prompt=prompt)


@bp.get("/<int:task_id>/comparison")
@bp.arguments(schemas.TaskComparisonQuery, location="query")
@bp.response(200, schemas.TaskComparisonOut)
@bp.alt_response(404, description="No such task.")
@bp.alt_response(409, description="Its template is archived, or it was asked without one.")
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
    values = {field.name: getattr(task, field.name) for field in fields(task)}
    return values | {
        "error": error,
        "usage": {"input_tokens": task.input_tokens, "output_tokens": task.output_tokens},
        "attempts": attempts.list_for(conn, actor=authentication.current(), task_id=task_id),
    }
