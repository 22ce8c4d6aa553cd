"""One multiplexed stream per page: GET /live?tasks=12,13. It answers 401, 404 or 429, and never redirects."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.live import events
from blogforge_llm.live.hub import hub
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.tasks import tasks
from blogforge_llm.web import viewers

bp = Blueprint("live", __name__)

_TASKS_MAX = 50


@bp.get("/live")
def show() -> Response:
    permissions.require(viewers.current(), Permission.READ)
    task_ids = _task_ids(request.args.get("tasks", ""))
    with db.connection() as conn:
        for task_id in task_ids:
            tasks.live_state(conn, task_id=task_id)
    where = events.positions(task_ids, request.headers.get("Last-Event-ID"))
    body = events.encode(hub.follow(where), where)
    return Response(body, content_type=events.CONTENT_TYPE, headers=events.HEADERS)


def _task_ids(text: str) -> list[int]:
    parts = list(dict.fromkeys(text.split(",")))[: _TASKS_MAX + 1]
    if not all(part.isdecimal() and len(part) < 19 for part in parts) or len(parts) > _TASKS_MAX:
        raise Invalid.field("tasks", f"Name 1 to {_TASKS_MAX} tasks by their numbers, with commas between.")
    return [int(part) for part in parts]
