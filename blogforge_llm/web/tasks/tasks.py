"""The task log and one task: what was asked, every attempt, what came back; stop and retry."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from blogforge_llm import db
from blogforge_llm.records.tasks import TaskStatus
from blogforge_llm.services.editorial import suggestions
from blogforge_llm.services.tasks import attempts, tasks, wording, workers
from blogforge_llm.web import htmx, viewers

bp = Blueprint("tasks", __name__, url_prefix="/llm/tasks")

_PAGE = 50


@bp.get("")
def index() -> str:
    status = request.args.get("status", "")
    chosen = TaskStatus(status) if status in set(TaskStatus) else None
    before = request.args.get("before", type=int)
    with db.connection() as conn:
        rows = tasks.list_(conn, status=chosen, before_id=before, limit=_PAGE + 1)
        is_worker_alive = workers.is_any_alive(conn)
    return render_template(
        "tasks/tasks/index.html", tasks=rows[:_PAGE], has_more=len(rows) > _PAGE, status=chosen,
        statuses=list(TaskStatus), is_worker_alive=is_worker_alive,
    )  # fmt: skip


@bp.get("/<int:task_id>")
def show(task_id: int) -> str:
    with db.connection() as conn:
        task = tasks.get(conn, task_id=task_id)
        tried = attempts.list_for(conn, actor=viewers.current(), task_id=task_id)
        place = suggestions.find_place(conn, task_id=task_id)
        is_worker_alive = workers.is_any_alive(conn)
    page = "tasks/tasks/_task.html" if htmx.wants_fragment() else "tasks/tasks/show.html"
    return render_template(
        page, task=task, attempts=tried, is_worker_alive=is_worker_alive, place=place, wording=wording
    )


@bp.post("/<int:task_id>/cancellation")
def cancel(task_id: int) -> AnyResponse:
    with db.transaction() as conn:
        tasks.cancel(conn, actor=viewers.current(), task_id=task_id)
    if htmx.wants_fragment():  # from the tray of any page: stay there
        return htmx.notify(Response(), "Stopping.", kind="info", swap=False)
    return _back(task_id, "Stopping.")


@bp.post("/<int:task_id>/retry")
def retry(task_id: int) -> AnyResponse:
    with db.transaction() as conn:
        tasks.retry(conn, actor=viewers.current(), task_id=task_id)
    return _back(task_id, "Queued again.")


def _back(task_id: int, text: str) -> Response:
    flash(text, "success")
    return htmx.redirect_or(url_for("tasks.show", task_id=task_id))
