"""An old task again, as it was or with today's prompt. What came of it: comparisons.py."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.services.tasks import comparisons, reruns, tasks
from blogforge_llm.web import forms, htmx, viewers

bp = Blueprint("reruns", __name__, url_prefix="/llm/tasks/<int:task_id>")


@bp.get("/rerun")
def new(task_id: int) -> ResponseReturnValue:
    """What a rerun with today's prompt would change, or why there is none."""
    comparison, problem = None, None
    with db.connection() as conn:
        task = tasks.get(conn, task_id=task_id)
        try:
            comparison = comparisons.of_today(conn, actor=viewers.current(), task_id=task_id)
        except forms.REFUSALS as refusal:
            problem = str(refusal)
    return render_template("tasks/reruns/new.html", task=task, comparison=comparison, problem=problem, errors={})


@bp.post("/rerun")
def create(task_id: int) -> ResponseReturnValue:
    wanted = request.form.get("prompt", reruns.Prompt.SAME)
    if wanted not in set(reruns.Prompt):
        raise Invalid.field("prompt", "A rerun sends the same prompt or the current one.")
    with db.transaction() as conn:
        task = reruns.create(conn, actor=viewers.current(), task_id=task_id, prompt=reruns.Prompt(wanted))
    return htmx.redirect_or(url_for("comparisons.show", task_id=task_id, other=task.id))
