"""Batches: the list, one with its progress, a new one from a template and rows, and its results as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.batches import Batch, ItemStatus
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import templates
from blogforge_llm.services.registry import routes
from blogforge_llm.services.tasks import batches, planning, tables, wording
from blogforge_llm.web import destinations, forms, htmx, uploads, viewers
from blogforge_llm.web.registry import numbers

bp = Blueprint("batches", __name__, url_prefix="/llm/batches")

_PAGE = 50
_FILES: dict[str, tuple[Callable[..., Any], str]] = {
    "csv": (tables.as_csv, "text/csv; charset=utf-8"),
    "jsonl": (tables.as_json_lines, "application/jsonl; charset=utf-8"),
}


@bp.get("")
def index() -> str:
    before = request.args.get("before", type=int)
    with db.connection() as conn:
        rows = batches.list_(conn, actor=viewers.current(), before_id=before, limit=_PAGE + 1)
    return render_template("tasks/batches/index.html", batches=rows[:_PAGE], has_more=len(rows) > _PAGE)


@bp.get("/new")
def new() -> str:
    permissions.require(viewers.current(), Permission.RUN_TASKS)
    form = {"concurrency": "20", "template_id": request.args.get("template", "")}
    return render_template("tasks/batches/new.html", errors={}, form=form, **_choices())


@bp.post("")
def create() -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            batch = _plan(conn)
    except forms.REFUSALS as refusal:
        return forms.again("tasks/batches/new.html", refusal, form=form, **_choices())
    return htmx.redirect_or(url_for("batches.show", batch_id=batch.id))


@bp.get("/<int:batch_id>")
def show(batch_id: int) -> str:
    chosen = request.args.get("status", "")
    status = ItemStatus(chosen) if chosen in set(ItemStatus) else None
    after = max(0, request.args.get("after", 0, type=int))
    with db.connection() as conn:
        batch = batches.get(conn, actor=viewers.current(), batch_id=batch_id)
        progress = batches.progress(conn, batch=batch)
        if htmx.wants_fragment():
            return render_template("tasks/batches/_progress.html", batch=batch, progress=progress, **_shown(batch))
        rows = batches.list_items(
            conn, actor=viewers.current(), batch_id=batch_id, status=status, after=after, limit=_PAGE + 1
        )
    return render_template(
        "tasks/batches/show.html", batch=batch, progress=progress, items=rows[:_PAGE], has_more=len(rows) > _PAGE,
        status=status, after=after, statuses=list(ItemStatus), **_shown(batch),
    )  # fmt: skip


@bp.get("/<int:batch_id>/results.<kind>")
def results(batch_id: int, kind: str) -> Response:
    """Streamed, however many they are."""
    with db.connection() as conn:
        batches.get(conn, actor=viewers.current(), batch_id=batch_id)
    if kind not in _FILES:
        raise NotFound("Results come as CSV or as JSON lines.")
    write, content_type = _FILES[kind]
    headers = {"Content-Disposition": f'attachment; filename="batch-{batch_id}.{kind}"'}
    return Response(write(tables.pages(viewers.current(), batch_id)), content_type=content_type, headers=headers)


@bp.post("/<int:batch_id>/limits")
def update(batch_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        batch = batches.update(conn, actor=viewers.current(), batch_id=batch_id, **_limits())
    return _answer(batch, "Saved.")


@bp.post("/<int:batch_id>/start")
def start(batch_id: int) -> ResponseReturnValue:
    return _change(batches.start, batch_id, "Started.")


@bp.post("/<int:batch_id>/pause")
def pause(batch_id: int) -> ResponseReturnValue:
    return _change(batches.pause, batch_id, "Paused: what runs goes on to its end.")


@bp.post("/<int:batch_id>/resumption")
def resume(batch_id: int) -> ResponseReturnValue:
    return _change(batches.resume, batch_id, "Going on.")


@bp.post("/<int:batch_id>/cancellation")
def cancel(batch_id: int) -> ResponseReturnValue:
    return _change(batches.cancel, batch_id, "Cancelled.")


@bp.post("/<int:batch_id>/retry")
def retry(batch_id: int) -> ResponseReturnValue:
    return _change(batches.retry, batch_id, "What failed is asked again.")


def _change(change: Callable[..., Batch], batch_id: int, text: str) -> ResponseReturnValue:
    with db.transaction() as conn:
        batch = change(conn, actor=viewers.current(), batch_id=batch_id)
    return _answer(batch, text)


def _answer(batch: Batch, text: str) -> ResponseReturnValue:
    flash(text, "success")
    back = destinations.local(request.args.get("next") or url_for("batches.show", batch_id=batch.id))
    return htmx.redirect_or(back)


def _shown(batch: Batch) -> dict[str, Any]:
    return {
        "wording": wording,
        "home": url_for("batches.show", batch_id=batch.id),
        "may_change": True,
        "is_brief": False,
    }


def _plan(conn: db.Connection) -> Batch:
    form = request.form
    template_id = form.get("template_id", type=int)
    if template_id is None:
        raise Invalid.field("template_id", "Choose the template that is asked for every row.")
    rows = tables.read(uploads.text("file") or form.get("rows", ""))
    planned = planning.plan(conn, rows, template_id=template_id, route_id=form.get("route_id", type=int))
    return batches.plan(conn, actor=viewers.current(), title=form.get("title", ""), items=planned, **_limits())


def _limits() -> dict[str, Any]:
    read = numbers.read(request.form, whole=("concurrency",), decimals=("budget",))
    priority = numbers.read(request.form, whole=("priority",)).get("priority")
    return {"concurrency": read.get("concurrency") or 20, "budget": read.get("budget"), "priority": priority or 5}


def _choices() -> dict[str, Any]:
    with db.connection() as conn:
        return {"templates": templates.list_names(conn), "routes": routes.list_all(conn)}
