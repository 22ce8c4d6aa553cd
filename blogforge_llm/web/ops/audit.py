"""The audit log, for admins: filters, pages by cursor, each entry with what changed, and all of it as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, render_template, request

from blogforge_llm import db
from blogforge_llm.records.ops import AuditEntry, AuditFilter
from blogforge_llm.services import spreadsheets
from blogforge_llm.services.ops import audit
from blogforge_llm.web import viewers

bp = Blueprint("audit", __name__, url_prefix="/audit")

_PAGE = 50
_HEAD = ("id", "at", "user_id", "user", "action", "noun", "noun_id", "detail", "changes", "request_id")


@bp.get("")
def index() -> str:
    chosen = _chosen()
    with db.connection() as conn:
        found = audit.list_(
            conn,
            actor=viewers.current(),
            chosen=chosen,
            before_id=request.args.get("before", type=int),
            limit=_PAGE + 1,
        )
        nouns, actions, found_people = audit.list_choices(conn, actor=viewers.current())
    people = [(str(user_id), name) for user_id, name in found_people]
    asked = {name: text for name, text in request.args.items() if text and name != "before"}
    return render_template(
        "ops/audit/index.html", entries=found[:_PAGE], has_more=len(found) > _PAGE, people=people,
        nouns=_options(nouns), actions=_options(actions), asked=asked,
    )  # fmt: skip


@bp.get("/<int:entry_id>")
def show(entry_id: int) -> str:
    with db.connection() as conn:
        entry = audit.get(conn, actor=viewers.current(), entry_id=entry_id)
    return render_template("ops/audit/show.html", entry=entry, words=_words)


@bp.get("/export.csv")
def export() -> Response:
    chosen, actor = _chosen(), viewers.current()
    with db.connection() as conn:
        audit.export(conn, actor=actor, chosen=chosen)  # refused before the answer begins

    def body() -> Iterator[str]:
        with db.connection() as conn:
            yield from spreadsheets.lines(_HEAD, map(_row, audit.export(conn, actor=actor, chosen=chosen)))

    name = f'attachment; filename="audit-{datetime.now(UTC):%Y-%m-%d}.csv"'
    return Response(body(), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _chosen() -> AuditFilter:
    """From the address; a day that is none asks for nothing."""
    until = _day("until")
    return AuditFilter(
        user_id=request.args.get("user", type=int), noun=request.args.get("noun"), action=request.args.get("action"),
        since=_day("since"), until=until + timedelta(days=1) if until else None,
    )  # fmt: skip


def _day(name: str) -> datetime | None:
    try:
        return datetime.strptime(request.args.get(name, ""), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _options(names: list[str]) -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in names]


def _row(entry: AuditEntry) -> tuple[object, ...]:
    return (
        entry.id, entry.at.isoformat(), entry.user_id, entry.user_name, entry.action, entry.noun, entry.noun_id,
        entry.detail, json.dumps(entry.changes, ensure_ascii=False), entry.request_id,
    )  # fmt: skip


def _words(value: object) -> str:
    """A value of a change as people read it."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
