"""The log: tasks by any combination of filters, page by page. How SQL is put together: sql/queries/tasks/log.sql."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from psycopg.errors import QueryCanceled

from blogforge_llm import db
from blogforge_llm.errors import TooSlow
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.tasks import TaskFilter, TaskPage
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.tasks import tasks

sql = db.load("tasks/log")

COUNT_MAX = 1000  # beyond it is "more than"
_PAGE_MS, _COUNT_MS, _EXPORT_MS = 4000, 200, 25_000
_AT_ONCE = 500
_NEWEST = ("infinity", 2**63 - 1)
# Filter -> the condition of its name in tasks/log.sql, and its parameter.
_CONDITIONS = {
    "status": ("of_status", "status"), "category": ("of_category", "category"), "model_id": ("of_model", "model_id"),
    "template_id": ("of_template", "template_id"), "action_id": ("of_action", "action_id"),
    "user_id": ("of_user", "user_id"), "post_id": ("of_post", "post_id"), "since": ("since", "since"),
    "until": ("until", "until"), "min_cost": ("costing_from", "min_cost"), "max_cost": ("costing_to", "max_cost"),
    "text": ("with_words", "words"),
}  # fmt: skip


def list_page(
    conn: db.Connection,
    *,
    actor: User,
    wanted: TaskFilter,
    before_id: int | None = None,
    above_id: int | None = None,
    limit: int = 50,
) -> TaskPage:
    """The newest first: below `before_id`, or the nearest above `above_id`. Raises TooSlow."""
    permissions.require(actor, Permission.READ)
    is_back = above_id is not None and before_id is None
    place = sql.get_place(conn, task_id=above_id if is_back else before_id) if above_id or before_id else None
    at, task_id = (place["created_at"], place["id"]) if place else _NEWEST
    if before_id and (place is None or place["id"] < before_id):
        task_id += 1  # the task itself is gone: the one before it is still to be shown
    if is_back:
        edge = {"above_at": at if place else "-infinity", "above_id": task_id if place else 0}
        ids = _ids(conn, "page_newer", wanted, _PAGE_MS, **edge, limit=limit + 1)
        if len(ids) <= limit:  # the first page, whole
            return list_page(conn, actor=actor, wanted=wanted, limit=limit)
        shown = ids[:limit][::-1]
        is_more_newer = is_more_older = True
    else:
        ids = _ids(conn, "page_older", wanted, _PAGE_MS, before_at=at, before_id=task_id, limit=limit + 1)
        shown = ids[:limit]
        is_more_newer, is_more_older = before_id is not None, len(ids) > limit
    return TaskPage(
        [tasks.row(row) for row in sql.list_rows(conn, task_ids=shown)],
        newer=shown[0] if is_more_newer and shown else None,
        older=shown[-1] if is_more_older and shown else None,
    )


def count(conn: db.Connection, *, wanted: TaskFilter) -> int | None:
    """How many, COUNT_MAX + 1 for more; None where counting would keep people waiting."""
    edge = {"before_at": _NEWEST[0], "before_id": _NEWEST[1]}
    try:
        return len(_ids(conn, "page_older", wanted, _COUNT_MS, **edge, limit=COUNT_MAX + 1))
    except TooSlow:
        return None


def each(*, actor: User, wanted: TaskFilter) -> Iterator[dict[str, Any]]:
    """All of them whole, for an export, newest first: page by page on short connections of its own, so that a slow
    reader keeps neither a connection nor an old snapshot of the rows. What begins meanwhile is not among them."""
    permissions.require(actor, Permission.READ)
    at, task_id = _NEWEST
    while True:
        with db.connection() as conn:
            ids = _ids(conn, "page_older", wanted, _EXPORT_MS, before_at=at, before_id=task_id, limit=_AT_ONCE)
            rows = list(sql.list_whole(conn, task_ids=ids))
        yield from rows
        if len(ids) < _AT_ONCE:
            return
        at, task_id = rows[-1]["created_at"], rows[-1]["id"]


def choices(conn: db.Connection, *, actor: User) -> dict[str, list[tuple[int, str]]]:
    """What can be chosen to filter by: (id, label) by the filter's name."""
    permissions.require(actor, Permission.READ)
    found = {
        "model": sql.list_models(conn), "template": sql.list_templates(conn), "action": sql.list_actions(conn),
        "user": sql.list_users(conn),
    }  # fmt: skip
    return {name: [(row["id"], row["label"]) for row in rows] for name, rows in found.items()}


def post_title(conn: db.Connection, *, post_id: int) -> str | None:
    title: str | None = sql.get_post_title(conn, post_id=post_id)
    return title


def _ids(conn: db.Connection, page: str, wanted: TaskFilter, most_ms: int, **place: Any) -> list[int]:
    """Raises TooSlow when it takes longer than `most_ms`."""
    given = {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) is not None}
    names = tuple("of_no_template" if item == ("template_id", 0) else _CONDITIONS[item[0]][0] for item in given.items())
    values = {_CONDITIONS[name][1]: value for name, value in given.items()}
    try:
        with conn.transaction():
            sql.limit_time(conn, milliseconds=str(most_ms))
            if "words" in values:
                values["words"] = sql.get_words(conn, text=values["words"]) or "''"
            # Never prepared: a plan for all values would be wrong for the rare ones.
            found = conn.execute(_statement(page, names), {**place, **values}, prepare=False)
            return [row["id"] for row in found]
    except QueryCanceled as error:
        raise TooSlow("This search took too long. Narrow the time range, or leave out a filter.") from error


@cache
def _statement(page: str, names: tuple[str, ...]) -> bytes:
    """The page with the conditions: joins before its WHERE, the rest after it."""
    head, rest = getattr(sql, page).sql.split("\n WHERE ", 1)
    joins, conditions = [], []
    for name in names:
        found = re.fullmatch(r"SELECT FROM tasks t(.*?) WHERE (.*?);?", getattr(sql, name).sql.strip(), re.S)
        assert found, name
        joins.append(found[1])
        conditions.append(f"{found[2]} AND ")
    return f"{head}{''.join(joins)}\n WHERE {''.join(conditions)}{rest}".encode()
