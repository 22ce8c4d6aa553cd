"""The ledger: what was spent, summed up by one thing or another, and the attempts each sum is made of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import ledger
from blogforge_llm.services.ops.ledger import Span
from blogforge_llm.web import viewers

bp = Blueprint("ledger", __name__, url_prefix="/llm/ledger")

_PAGE = 50
_COLUMNS = (
    "id", "task_id", "position", "started_at", "model_name", "provider_name", "user_name", "template_name", "outcome",
    "input_tokens", "output_tokens", "cost", "cost_source",
)  # fmt: skip


@bp.get("")
def index() -> ResponseReturnValue:
    span, wrong = _span()
    group = _group() or "model"
    with db.connection() as conn:
        sums = ledger.list_sums(conn, actor=viewers.current(), group=group, span=span)
    page = render_template(
        "ops/ledger/index.html", sums=sums, total=ledger.add_up(sums), group=group, errors=wrong, **_around(span)
    )
    return page, 422 if wrong else 200


@bp.get("/attempts")
def entries() -> ResponseReturnValue:
    span, wrong = _span()
    group, key = _group(), request.args.get("key")
    with db.connection() as conn:
        rows = ledger.list_entries(
            conn, actor=viewers.current(), span=span, group=group, key=key,
            before_id=request.args.get("before", type=int), limit=_PAGE + 1,
        )  # fmt: skip
        sums = ledger.list_sums(conn, actor=viewers.current(), group=group or "day", span=span)
    chosen = [found for found in sums if group is None or found.key == key]
    page = render_template(
        "ops/ledger/entries.html", entries=rows[:_PAGE], has_more=len(rows) > _PAGE, group=group, key=key,
        chosen=chosen[0] if group and chosen else None, total=ledger.add_up(chosen), errors=wrong, **_around(span),
    )  # fmt: skip
    return page, 422 if wrong else 200


@bp.get("/export")
def export() -> ResponseReturnValue:
    """The attempts as CSV, sent while they are read."""
    viewer = viewers.current()
    permissions.require(viewer, Permission.KEEP_REGISTRY)
    span = Span.read(**_days())
    rows = ledger.each_entry(actor=viewer, span=span, group=_group(), key=request.args.get("key"))
    name = f"ledger-{span.since}-{span.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(stream_with_context(_csv(rows)), content_type="text/csv; charset=utf-8", headers=headers)


def _csv(rows: Iterator[Any]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for number, row in enumerate(rows):
        writer.writerow([_cell(getattr(row, column)) for column in _COLUMNS])
        if number % 500 == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _cell(value: Any) -> str:
    """A name that a spreadsheet would take for a formula is kept a text by an apostrophe (OWASP, CSV injection)."""
    if value is None:
        return ""
    text = (
        value.isoformat()
        if hasattr(value, "isoformat")
        else format(value, "f")
        if hasattr(value, "as_tuple")
        else str(value)
    )
    return f"'{text}" if isinstance(value, str) and text[:1] in "=+-@\t\r" and text else text


def _group() -> str | None:
    group = request.args.get("group")
    return group if group in ledger.GROUPS else None


def _days() -> dict[str, str]:
    args = request.args
    return {"month": args.get("month", ""), "since": args.get("from", ""), "until": args.get("to", "")}


def _span() -> tuple[Span, dict[str, str]]:
    """What was asked for; the present month, and why, where that makes no sense."""
    try:
        return Span.read(**_days()), {}
    except Invalid as refusal:
        return Span.read(), refusal.errors


def _around(span: Span) -> dict[str, Any]:
    """The span and the addresses beside it."""
    is_month = Span.month(span.since) == span
    days = {"month": f"{span.since:%Y-%m}"} if is_month else {"from": span.since, "to": span.last}
    months = [Span.month(date.fromordinal(span.since.replace(day=1).toordinal() - 1)), Span.month(span.until)]
    return {
        "span": span, "is_month": is_month, "days": days, "groups": ledger.GROUPS,
        "earlier": f"{months[0].since:%Y-%m}", "later": f"{months[1].since:%Y-%m}",
        "title": f"{span.since:%B %Y}" if is_month else f"{span.since} to {span.last}",
        "export_url": url_for("ledger.export", **days, group=_group(), key=request.args.get("key")),
    }  # fmt: skip
