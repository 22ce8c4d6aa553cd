"""Two tasks beside each other: what differs in their prompts and outputs."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.tasks import comparisons, workers
from blogforge_llm.web import htmx, viewers

bp = Blueprint("comparisons", __name__, url_prefix="/llm/tasks/<int:task_id>")


@bp.get("/comparison")
def show(task_id: int) -> ResponseReturnValue:
    """With ?other=; a running one streams. Without, the prompt beside today's."""
    other = request.args.get("other", type=int)
    if other is None:
        return htmx.redirect_or(url_for("reruns.new", task_id=task_id))
    with db.connection() as conn:
        comparison = comparisons.of_tasks(conn, actor=viewers.current(), old_id=task_id, new_id=other)
        is_worker_alive = workers.is_any_alive(conn)
    name = "_comparison.html" if htmx.wants_fragment() else "show.html"
    return render_template(
        f"tasks/comparisons/{name}", comparison=comparison, new=comparison.new, is_worker_alive=is_worker_alive
    )
