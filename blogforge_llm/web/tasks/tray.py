"""The tray in the top bar: what the viewer has running, on every page."""

from __future__ import annotations

from flask import Blueprint, render_template

from blogforge_llm import db
from blogforge_llm.services.tasks import batches, tasks
from blogforge_llm.web import viewers

bp = Blueprint("tray", __name__)


@bp.get("/tray")
def show() -> str:
    with db.connection() as conn:
        running = tasks.list_unfinished(conn, actor=viewers.current())
        active = batches.list_active(conn, actor=viewers.current())
    return render_template("tasks/tray/_tray.html", running=running, batches=active)
