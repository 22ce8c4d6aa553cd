"""The inbox of alerts, and the bell in the top bar."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, g, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.alerts import AlertView
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import alert_rules, alerts
from blogforge_llm.web import htmx, viewers

bp = Blueprint("alerts", __name__, url_prefix="/alerts")

_PAGE = 50


@bp.get("")
def index() -> str:
    view = _view()
    with db.connection() as conn:
        viewer = viewers.current()
        before_id = request.args.get("before", type=int)
        found = alerts.list_(conn, actor=viewer, view=view, before_id=before_id, limit=_PAGE + 1)
        rules = alert_rules.list_all(conn, actor=viewer)
    return render_template(
        "ops/alerts/index.html", alerts=found[:_PAGE], has_more=len(found) > _PAGE, view=view, views=list(AlertView),
        rules=rules, kinds=alert_rules.KINDS, is_later=before_id is not None, address=_address,
    )  # fmt: skip


@bp.post("/<int:alert_id>/reading")
def read(alert_id: int) -> ResponseReturnValue:
    return _update(alert_id, is_read=True)


@bp.post("/<int:alert_id>/dismissal")
def dismiss(alert_id: int) -> ResponseReturnValue:
    return _update(alert_id, is_read=True, is_dismissed=True)


@bp.post("/<int:alert_id>/return")
def bring_back(alert_id: int) -> ResponseReturnValue:
    return _update(alert_id, is_dismissed=False)


@bp.post("/reading")
def read_all() -> ResponseReturnValue:
    with db.transaction() as conn:
        alerts.read_all(conn, actor=viewers.current())
    return htmx.redirect_or("/alerts")


@bp.post("/dismissal")
def dismiss_resolved() -> ResponseReturnValue:
    with db.transaction() as conn:
        count = alerts.dismiss_resolved(conn, actor=viewers.current())
    flash(f"{count} dismissed. They stay in the history.", "success")
    return htmx.redirect_or("/alerts")


def count_unread() -> int:
    """For the bell on every page, also on those that tell of a broken database."""
    viewer = g.get("viewer")
    if viewer is None or not permissions.may(viewer, Permission.KEEP_ALERTS):
        return 0
    try:
        with db.connection(wait_s=0.5) as conn:
            return alerts.count_unread(conn, actor=viewer)
    except db.FAILURES:
        return 0


@bp.record_once
def _offer_count(state: Any) -> None:
    app: Flask = state.app
    app.jinja_env.globals["unread_alerts"] = count_unread


def _update(alert_id: int, **changes: bool) -> ResponseReturnValue:
    with db.transaction() as conn:
        alerts.update(conn, actor=viewers.current(), alert_id=alert_id, **changes)
    view = request.form.get("view", "")
    return htmx.redirect_or(f"/alerts?view={view}" if view in set(AlertView) else "/alerts")


def _view() -> AlertView:
    asked = request.args.get("view", AlertView.INBOX)
    if asked not in set(AlertView):
        raise Invalid.field("view", f"Choose one of {', '.join(AlertView)}.")
    return AlertView(asked)


def _address(subject: str) -> str | None:
    """Where the thing is, as a page."""
    kind, _, name = subject.partition(":")
    number = name.partition("@")[0]
    pages = {"model": f"/llm/tasks?model={number}", "batch": f"/llm/batches/{number}", "budget": "/llm/budgets"}
    return pages.get(kind, "/llm/health" if kind in {"provider", "key"} else None)
