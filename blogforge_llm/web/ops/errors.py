"""Errors, for admins: the groups, one with its samples, what to do with it. How they come in: reports.py, app.py."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.ops import ErrorSource, ErrorState
from blogforge_llm.services.ops import errors
from blogforge_llm.web import htmx, pages, viewers

bp = Blueprint("errors", __name__, url_prefix="/errors")

_SAID = {
    ErrorState.OPEN: "Open again.",
    ErrorState.RESOLVED: "Resolved. The next one opens it again.",
    ErrorState.MUTED: "Muted. It is counted on, and no longer listed as open.",
}


@bp.get("")
def index() -> ResponseReturnValue:
    asked, viewer = request.args, viewers.current()
    state = ErrorState(asked["state"]) if asked.get("state") in set(ErrorState) else ErrorState.OPEN
    source = ErrorSource(asked["source"]) if asked.get("source") in set(ErrorSource) else None
    wanted = asked.get("request", "").strip()
    with db.connection() as conn:
        found = errors.find_by_request(conn, actor=viewer, request_id=wanted) if wanted else None
        if found is not None:
            return htmx.redirect_or(url_for("errors.show", group_id=found))
        page = pages.at(errors.count(conn, actor=viewer, state=state, source=source))
        groups = errors.list_(conn, actor=viewer, state=state, source=source, limit=page.size, offset=page.offset)
    return render_template(
        "ops/errors/index.html", groups=groups, page=page, state=state, states=list(ErrorState), source=source,
        sources=[(each.value, each.value.capitalize()) for each in ErrorSource], wanted=wanted,
    )  # fmt: skip


@bp.get("/<int:group_id>")
def show(group_id: int) -> str:
    with db.transaction() as conn:
        group = errors.get(conn, actor=viewers.current(), group_id=group_id)
        samples = errors.list_samples(conn, actor=viewers.current(), group_id=group_id)
    return render_template("ops/errors/show.html", group=group, samples=samples)


@bp.post("/<int:group_id>/resolution")
def resolve(group_id: int) -> ResponseReturnValue:
    return _set(group_id, ErrorState.RESOLVED)


@bp.post("/<int:group_id>/muting")
def mute(group_id: int) -> ResponseReturnValue:
    return _set(group_id, ErrorState.MUTED)


@bp.post("/<int:group_id>/opening")
def reopen(group_id: int) -> ResponseReturnValue:
    return _set(group_id, ErrorState.OPEN)


def _set(group_id: int, state: ErrorState) -> ResponseReturnValue:
    with db.transaction() as conn:
        errors.set_state(conn, actor=viewers.current(), group_id=group_id, state=state)
    flash(_SAID[state], "success")
    return htmx.redirect_or(url_for("errors.show", group_id=group_id))
