"""The task log and one task: what was asked, every attempt, what came back; stop and retry."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from blogforge_llm import db
from blogforge_llm.records.tasks import TaskFilter, TaskStatus
from blogforge_llm.services.editorial import suggestions
from blogforge_llm.services.legacy import rows as imported
from blogforge_llm.services.tasks import attempts, exports, filters, log, tasks, timings, wording, workers
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.tasks import filtering

bp = Blueprint("tasks", __name__, url_prefix="/llm/tasks")

_PAGE = 50


@bp.get("")
def index() -> ResponseReturnValue:
    viewer = viewers.current()
    with db.connection() as conn:
        choices = log.choices(conn, actor=viewer)
        shown = {
            "is_worker_alive": workers.is_any_alive(conn),
            "choices": choices,
            "form": request.args,
            "filtering": filtering,
            "wording": wording,
        }
        shown |= {"statuses": list(TaskStatus)}
        try:
            wanted = filters.read(request.args)
            place = {"before_id": _place("before"), "above_id": _place("above")}
            page = log.list_page(conn, actor=viewer, wanted=wanted, **place, limit=_PAGE)
        except forms.REFUSALS as refusal:
            return forms.again("tasks/tasks/index.html", refusal, page=None, total=None, chips=[], **shown)
        total = log.count(conn, wanted=wanted) if wanted != TaskFilter() and page.older and not page.newer else None
        chips = filtering.chips(conn, choices)
    return render_template("tasks/tasks/index.html", errors={}, page=page, total=total, chips=chips, **shown)


@bp.get("/export")
def export() -> Response:
    kind = exports.kind(request.args.get("format", ""))
    rows = exports.stream(kind, actor=viewers.current(), wanted=filters.read(request.args))
    headers = {"Content-Disposition": f'attachment; filename="{kind.file_name}"', "X-Accel-Buffering": "no"}
    return Response(rows, content_type=kind.media_type, headers=headers)


@bp.get("/<int:task_id>")
def show(task_id: int) -> str:
    with db.connection() as conn:
        task = tasks.get(conn, task_id=task_id)
        tried = attempts.list_for(conn, actor=viewers.current(), task_id=task_id)
        place = suggestions.find_place(conn, task_id=task_id)
        is_worker_alive = workers.is_any_alive(conn)
        origin = imported.find_origin(conn, noun="task", noun_id=task_id)
    page = "tasks/tasks/_task.html" if htmx.wants_fragment() else "tasks/tasks/show.html"
    return render_template(
        page,
        task=task,
        attempts=tried,
        is_worker_alive=is_worker_alive,
        place=place,
        origin=origin,
        wording=wording,
        spans=timings.spans(task, tried),
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


def _place(name: str) -> int | None:
    number = request.args.get(name, type=int)
    return number if number and 0 < number < 2**63 else None


def _back(task_id: int, text: str) -> Response:
    flash(text, "success")
    return htmx.redirect_or(url_for("tasks.show", task_id=task_id))
