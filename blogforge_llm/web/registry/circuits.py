"""Health: what is asked as usual, what rests and why; stopping calls and allowing them again by hand."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.registry import circuits
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import attempts

bp = Blueprint("circuits", __name__, url_prefix="/llm/health")


@bp.get("")
def index() -> ResponseReturnValue:
    page = "registry/circuits/_circuits.html" if htmx.wants_fragment() else "registry/circuits/index.html"
    return render_template(page, **_load())


@bp.get("/<name>/opening")
def new(name: str) -> ResponseReturnValue:
    return render_template("registry/circuits/new.html", errors={}, note="", circuit=_get(name))


@bp.post("/<name>/opening")
def create(name: str) -> ResponseReturnValue:
    note = request.form.get("note", "")
    try:
        with db.transaction() as conn:
            circuit = circuits.open_(conn, actor=viewers.current(), name=name, note=note)
    except forms.REFUSALS as refusal:
        return forms.again("registry/circuits/new.html", refusal, note=note, circuit=_get(name))
    flash(f"{circuit.label} is not asked any more until somebody allows it.", "success")
    return htmx.redirect_or("/llm/health")


@bp.post("/<name>/closure")
def close(name: str) -> ResponseReturnValue:
    with db.transaction() as conn:
        circuit = circuits.close(conn, actor=viewers.current(), name=name)
    flash(f"{circuit.label} is asked again.", "success")
    return htmx.redirect_or("/llm/health")


def _get(name: str) -> Any:
    with db.connection() as conn:
        return circuits.get(conn, actor=viewers.current(), name=name)


def _load() -> dict[str, Any]:
    viewer = viewers.current()
    with db.connection() as conn:
        found = circuits.list_all(conn, actor=viewer)
        ticks = circuits.list_ticks(conn, circuits=found)
        may_keep = permissions.may(viewer, Permission.KEEP_REGISTRY)
        log = audit.list_(conn, actor=viewer, noun="circuit", limit=20) if may_keep else []
    drawn = {name: attempts.draw(last) for name, last in ticks.items()}
    return {"circuits": found, "ticks": drawn, "log": log, "service": circuits}
