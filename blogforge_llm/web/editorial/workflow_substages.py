"""One step of the workflow as admins edit it: its name, its stage, and its fields in order."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import workflow, workflow_order, workflow_steps
from blogforge_llm.services.editorial.workflow_fields import BUILT_IN
from blogforge_llm.web import forms, viewers
from blogforge_llm.web.editorial import workflow_orders

bp = Blueprint("workflow_substages", __name__, url_prefix="/settings/workflow/substages")

_SHOW = "editorial/workflow_substages/show.html"


@bp.get("/<int:substage_id>")
def show(substage_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_WORKFLOW)
    return _show(substage_id)


@bp.post("/<int:substage_id>")
def update(substage_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            step = workflow_steps.update_substage(
                conn, actor=viewers.current(), substage_id=substage_id, name=form.get("name", ""),
                icon=form.get("icon", ""), stage_id=form.get("stage_id", 0, type=int),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again(_SHOW, refusal, form=form, **_context(substage_id))
    return workflow_orders.done(f"“{step.name}” is saved.", _page(substage_id))


@bp.post("/<int:substage_id>/order")
def reorder(substage_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            workflow_order.reorder_fields(
                conn, actor=viewers.current(), substage_id=substage_id, **workflow_orders.typed()
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return workflow_orders.refused(_SHOW, refusal, form={}, **_context(substage_id))
    return workflow_orders.reordered(partial(_show, substage_id), _page(substage_id))


def _show(substage_id: int) -> str:
    return render_template(_SHOW, form={}, errors={}, **_context(substage_id))


def _page(substage_id: int) -> str:
    return url_for("workflow_substages.show", substage_id=substage_id)


def _context(substage_id: int) -> dict[str, Any]:
    with db.transaction() as conn:
        found = workflow.everything(conn)
    substage = workflow_order.substage_of(found, substage_id)
    return {
        "workflow": found, "substage": substage, "icons": workflow_orders.icon_choices(substage.icon),
        "stage": next(stage for stage in found.stages if stage.key == substage.stage_key), "built_in": BUILT_IN,
    }  # fmt: skip
