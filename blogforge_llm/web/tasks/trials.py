"""The task runner: choose, fill in, look, run on one to four models side by side. Nothing is asked before Run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.trials import Trial
from blogforge_llm.services.registry import parameters as parameter_rules
from blogforge_llm.services.registry import presets
from blogforge_llm.services.tasks import tasks, trials
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.tasks import trial_pages
from blogforge_llm.web.tasks.trial_drafts import Draft

bp = Blueprint("trials", __name__, url_prefix="/llm/trials")


@bp.get("")
def index() -> ResponseReturnValue:
    draft = Draft.read(request.args)
    return trial_pages.page(_filled(draft) if draft.template_id and draft.post_id else draft)


@bp.get("/<int:trial_id>")
def show(trial_id: int) -> ResponseReturnValue:
    return trial_pages.page(Draft.of(_get(trial_id)), trial_id=trial_id)


@bp.post("")
def create() -> ResponseReturnValue:
    draft = Draft.read(request.form)
    try:
        with db.transaction() as conn:
            trial = trials.create(conn, actor=viewers.current(), whom=draft.whom(), **_asked(conn, draft))
    except forms.REFUSALS as refusal:
        return trial_pages.refused(draft, refusal)
    return htmx.redirect_or(url_for("trials.show", trial_id=trial.id))


@bp.post("/draft")
def update() -> ResponseReturnValue:
    """After one of the form's other buttons: another template, a post's texts, the messages to edit or the template's
    again. Nothing is kept."""
    draft, wanted = Draft.read(request.form), request.form.get("do", "")
    try:
        if wanted == "fill":
            draft = _filled(draft)
        elif wanted == "edit":
            draft = _edited(draft)
        elif wanted in {"unedit", "template"}:
            draft = replace(draft, messages=None)
    except (*forms.REFUSALS, NotFound) as refusal:
        return trial_pages.refused(draft, refusal)
    return trial_pages.page(draft)


@bp.post("/draft/preview")
def preview() -> ResponseReturnValue:
    draft = Draft.read(request.form)
    if not htmx.wants_fragment():
        return trial_pages.page(draft)
    return render_template("tasks/trials/_preview.html", **trial_pages.previewed(draft))


@bp.post("/<int:trial_id>/cancellation")
def cancel(trial_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        trials.cancel(conn, actor=viewers.current(), trial_id=trial_id)
    return htmx.redirect_or(url_for("trials.show", trial_id=trial_id))


@bp.get("/<int:trial_id>/tasks/<int:task_id>")
def show_task(trial_id: int, task_id: int) -> ResponseReturnValue:
    if not htmx.wants_fragment():
        return htmx.redirect_or(url_for("trials.show", trial_id=trial_id, _anchor=f"answer-{task_id}"))
    return trial_pages.column(trial_id, task_id)


@bp.post("/<int:trial_id>/tasks/<int:task_id>/cancellation")
def cancel_task(trial_id: int, task_id: int) -> ResponseReturnValue:
    return _changed(trial_id, task_id, tasks.cancel)


@bp.post("/<int:trial_id>/tasks/<int:task_id>/retry")
def retry_task(trial_id: int, task_id: int) -> ResponseReturnValue:
    return _changed(trial_id, task_id, tasks.retry)


def _changed(trial_id: int, task_id: int, act: Any) -> ResponseReturnValue:
    _require_part(_get(trial_id), task_id)
    try:
        with db.transaction() as conn:
            act(conn, actor=viewers.current(), task_id=task_id)
    except Conflict as error:  # it ended while somebody pressed
        flash(str(error), "info")
    if htmx.wants_fragment():
        return trial_pages.column(trial_id, task_id)
    return htmx.redirect_or(url_for("trials.show", trial_id=trial_id, _anchor=f"answer-{task_id}"))


def _get(trial_id: int) -> Trial:
    with db.connection() as conn:
        return trials.get(conn, actor=viewers.current(), trial_id=trial_id)


def _require_part(trial: Trial, task_id: int) -> None:
    if all(task.id != task_id for task in trial.tasks):
        raise NotFound("There is no such run.")


def _asked(conn: db.Connection, draft: Draft) -> dict[str, Any]:
    """The rest of what trials.create takes. Raises Invalid."""
    if draft.template_id is None:
        raise Invalid.field("template", "Choose a template first.")
    preset = presets.get(conn, preset_id=draft.preset_id).parameters if draft.preset_id else {}
    given = parameter_rules.clean(preset | draft.typed_parameters())
    return {
        "template_id": draft.template_id, "version": draft.version, "inputs": draft.inputs,
        "override": draft.messages, "parameters": given, "deadline_s": draft.deadline(), "post_id": draft.post_id,
        "as_of": draft.as_of,
    }  # fmt: skip


def _filled(draft: Draft) -> Draft:
    with db.connection() as conn:
        found = trial_pages.preview(conn, draft)
        if found is None or draft.post_id is None:
            raise Invalid.field("post", "Choose a template and a post first.")
        actor, variables = viewers.current(), found.variables
        return draft.filled(trials.material(conn, actor=actor, post_id=draft.post_id, variables=variables))


def _edited(draft: Draft) -> Draft:
    with db.connection() as conn:
        found = trial_pages.preview(conn, draft)
    if found is None:
        raise Invalid.field("template", "Choose a template first.")
    return draft.edited(found)
