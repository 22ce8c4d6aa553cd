"""The first page of the LLM area."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.ops import budgets, overview
from blogforge_llm.web import viewers

bp = Blueprint("overview", __name__, url_prefix="/llm")


@bp.get("/")
def show() -> ResponseReturnValue:
    with db.transaction() as conn:
        found = overview.get(conn, actor=viewers.current())
        warnings = budgets.list_warnings(conn, actor=viewers.current())
    return render_template("ops/overview/show.html", overview=found, warnings=warnings)
