"""One multiplexed stream per page: GET /live?tasks=12,13. It answers 401, 404 or 429, and never redirects."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Blueprint, Response, request

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.live import events
from blogforge_llm.live.hub import HEARTBEAT_S, LiveEvent, hub
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions, sessions
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
    followed = _while_logged_in(hub.follow(where), request.cookies.get(viewers.COOKIE, ""))
    return Response(events.encode(followed, where), content_type=events.CONTENT_TYPE, headers=events.HEADERS)


def _while_logged_in(followed: Iterator[LiveEvent], token: str) -> Iterator[LiveEvent]:
    """A session that ends takes its streams along: the page comes back, is answered 401, and says so."""
    checked_at = time.monotonic()
    for event in followed:
        yield event
        if time.monotonic() - checked_at > HEARTBEAT_S:
            checked_at = time.monotonic()
            with db.connection() as conn:
                if sessions.find(conn, token=token) is None:
                    return


def _task_ids(text: str) -> list[int]:
    parts = list(dict.fromkeys(text.split(",")))[: _TASKS_MAX + 1]
    if not all(part.isdecimal() and len(part) < 19 for part in parts) or len(parts) > _TASKS_MAX:
        raise Invalid.field("tasks", f"Name 1 to {_TASKS_MAX} tasks by their numbers, with commas between.")
    return [int(part) for part in parts]
