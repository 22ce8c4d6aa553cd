"""The first page of the LLM area: first steps while there is nothing to tell, then what runs, costs, lasts, fails."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.ops import budgets, dashboard, overview
from blogforge_llm.services.registry import circuits
from blogforge_llm.services.tasks import wording
from blogforge_llm.web import viewers

bp = Blueprint("overview", __name__, url_prefix="/llm")


@bp.get("/")
def show() -> ResponseReturnValue:
    viewer, days = viewers.current(), request.args.get("days", 7, type=int)
    with db.connection() as conn:
        found = overview.get(conn, actor=viewer)
        warnings = budgets.list_warnings(conn, actor=viewer)
        if not found.has_tasks:
            return render_template("ops/overview/show.html", overview=found, warnings=warnings)
        figures = dashboard.get(conn, actor=viewer, days=days)
        health = circuits.list_all(conn, actor=viewer)
    return render_template(
        "ops/dashboard/show.html", overview=found, figures=figures, circuits=health, service=circuits, wording=wording,
        dashboard=dashboard, warnings=warnings,
    )  # fmt: skip
