"""The log: tasks by any combination of filters, page by page. How SQL is put together: sql/queries/tasks/log.sql."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from psycopg.errors import QueryCanceled

from blogforge_llm import db
from blogforge_llm.errors import TooSlow
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.tasks import TaskFilter, TaskPage, TaskRow
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.tasks import tasks

sql = db.load("tasks/log")

COUNT_MAX = 1000  # beyond it is "more than"
_PAGE_MS, _COUNT_MS, _EXPORT_MS = 4000, 200, 25_000
_AT_ONCE = 500
_SAMPLE, _COMMON = 2000, 0.002  # tasks that are looked at, and the share of them from which words are common
Place = tuple[datetime, int]  # (created_at, id)
_NEWEST: Place = (datetime.max.replace(tzinfo=UTC), 2**63 - 1)
_OLDEST: Place = (datetime.min.replace(tzinfo=UTC), 0)
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
    if above_id is not None and before_id is None:
        ids = _newer(conn, wanted, _place(conn, above_id), limit=limit + 1)
        if len(ids) > limit:  # else the first page, whole
            shown = ids[:limit][::-1]
            return TaskPage(_rows(conn, shown), newer=shown[0], older=shown[-1])
    ids = _older(conn, wanted, _place(conn, before_id) if before_id else _NEWEST, limit=limit + 1)
    shown = ids[:limit]
    return TaskPage(
        _rows(conn, shown),
        newer=shown[0] if shown and before_id else None,
        older=shown[-1] if len(ids) > limit else None,
    )


def count(conn: db.Connection, *, wanted: TaskFilter) -> int | None:
    """How many, COUNT_MAX + 1 for more; None where counting would keep people waiting."""
    if wanted.text or wanted.action_id or wanted.post_id:
        return None
    try:
        rows = _below(conn, "count_older", wanted, _NEWEST, limit=COUNT_MAX + 1, most_ms=_COUNT_MS)
    except TooSlow:
        return None
    number: int = rows[0]["tasks"]
    return number


def each(*, actor: User, wanted: TaskFilter) -> Iterator[dict[str, Any]]:
    """All of them whole, for an export, newest first: page by page on short connections of its own, so that a slow
    reader keeps neither a connection nor an old snapshot of the rows. What begins meanwhile is not among them."""
    permissions.require(actor, Permission.READ)
    place = _NEWEST
    while True:
        with db.connection() as conn:
            ids = _older(conn, wanted, place, limit=_AT_ONCE, most_ms=_EXPORT_MS)
            rows = list(sql.list_whole(conn, task_ids=ids))
        yield from rows
        if len(ids) < _AT_ONCE:
            return
        place = rows[-1]["created_at"], rows[-1]["id"]


def choices(conn: db.Connection, *, actor: User) -> dict[str, list[tuple[int, str]]]:
    """What can be chosen to filter by: (id, label) by the filter's name."""
    permissions.require(actor, Permission.READ)
    found = db.fetch_together(
        conn,
        sql.list_models_cursor(conn),
        sql.list_templates_cursor(conn),
        sql.list_actions_cursor(conn),
        sql.list_users_cursor(conn),
    )
    labels = [[(row["id"], row["label"]) for row in rows] for rows in found]
    return dict(zip(("model", "template", "action", "user"), labels, strict=True))


def post_title(conn: db.Connection, *, post_id: int) -> str | None:
    title: str | None = sql.get_post_title(conn, post_id=post_id)
    return title


def _rows(conn: db.Connection, ids: list[int]) -> list[TaskRow]:
    return [tasks.row_of(row) for row in sql.list_rows(conn, task_ids=ids)]


def _place(conn: db.Connection, task_id: int) -> Place:
    """Where the task stands; of one that is gone, just after the last one before it."""
    row = sql.get_place(conn, task_id=task_id)
    if row is None:
        return _OLDEST
    return row["created_at"], row["id"] if row["id"] == task_id else row["id"] + 1


def _older(conn: db.Connection, wanted: TaskFilter, place: Place, *, limit: int, most_ms: int = _PAGE_MS) -> list[int]:
    return [row["id"] for row in _below(conn, "page_older", wanted, place, limit=limit, most_ms=most_ms)]


def _below(
    conn: db.Connection, page: str, wanted: TaskFilter, place: Place, *, limit: int, most_ms: int
) -> list[dict[str, Any]]:
    # Two upper bounds would be one too many: an index scan begins at the first of them and walks to the second.
    at, task_id = min(place, (wanted.until, 0)) if wanted.until else place
    asked = replace(wanted, until=None)
    return _read(conn, page, asked, most_ms, before_at=at, before_id=task_id, limit=limit)


def _newer(conn: db.Connection, wanted: TaskFilter, place: Place, *, limit: int) -> list[int]:
    at, task_id = max(place, (wanted.since, 0)) if wanted.since else place
    asked = replace(wanted, since=None)
    rows = _read(conn, "page_newer", asked, _PAGE_MS, above_at=at, above_id=task_id, limit=limit)
    return [row["id"] for row in rows]


def _read(conn: db.Connection, page: str, wanted: TaskFilter, most_ms: int, **place: Any) -> list[dict[str, Any]]:
    """Raises TooSlow when it takes longer than `most_ms`."""
    given = {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) is not None}
    conditions = {_CONDITIONS[name][0]: {_CONDITIONS[name][1]: value} for name, value in given.items()}
    if wanted.template_id == 0:
        conditions["of_no_template"] = conditions.pop("of_template")
    try:
        with conn.transaction():
            sql.limit_reading(conn, milliseconds=str(most_ms))
            if wanted.text:
                del conditions["with_words"]
                conditions |= _found(conn, wanted.text)
            values = {name: value for each in conditions.values() for name, value in each.items()}
            # Never prepared: a plan for all values would be wrong for the rare ones.
            return conn.execute(_statement(page, tuple(conditions)), place | values, prepare=False).fetchall()
    except QueryCanceled as error:
        raise TooSlow("This search took too long. Narrow the time range, or leave out a filter.") from error


def _found(conn: db.Connection, text: str) -> dict[str, dict[str, Any]]:
    """The condition for words. The planner cannot tell how many tasks have a beginning: what few have is looked up
    first, and for what many have the newest are looked through."""
    beginnings = " ".join(word for word in text.split() if word.endswith("*"))
    exact = " ".join(word for word in text.split() if not word.endswith("*"))
    words = sql.get_words(conn, words=exact, beginnings=beginnings) or ""  # a query that finds nothing
    found = {"with_words": {"words": words}}
    if not beginnings:
        return found
    if exact and (ids := _few(conn, sql.get_words(conn, words=exact, beginnings="") or "")) is not None:
        return {"of_ids": {"task_ids": ids}} | found
    if sql.get_share(conn, words=words, rows=_SAMPLE) > _COMMON:
        sql.prefer_order(conn)
    elif (ids := _few(conn, words)) is not None:
        return {"of_ids": {"task_ids": ids}}
    return found


def _few(conn: db.Connection, words: str) -> list[int] | None:
    """The tasks that have them; None when they are many."""
    with contextlib.suppress(QueryCanceled), conn.transaction(force_rollback=True):
        sql.limit_reading(conn, milliseconds=str(_COUNT_MS))
        sql.prefer_index(conn)
        ids = [row["task_id"] for row in sql.list_few(conn, words=words, limit=COUNT_MAX + 1)]
        if len(ids) <= COUNT_MAX:
            return ids
    return None


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
