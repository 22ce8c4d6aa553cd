"""The workflow as admins edit it: its stages, and the page of each stage with its sub-stages."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import workflow, workflow_order, workflow_steps
from blogforge_llm.web import forms, viewers
from blogforge_llm.web.editorial import workflow_orders

bp = Blueprint("workflow_stages", __name__, url_prefix="/settings/workflow")

_INDEX, _SHOW = "editorial/workflow_stages/index.html", "editorial/workflow_stages/show.html"


@bp.get("")
def index() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_WORKFLOW)
    return _index()


@bp.post("/stages")
def create() -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            stage = workflow_steps.create_stage(conn, actor=viewers.current(), name=request.form.get("name", ""))
    except forms.REFUSALS as refusal:
        return forms.again(_INDEX, refusal, form=request.form, **_all())
    return workflow_orders.done(f"“{stage.name}” is added. Give it its first step.", _page(stage.id))


@bp.post("/order")
def reorder() -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            workflow_order.reorder_stages(conn, actor=viewers.current(), **workflow_orders.typed())
    except forms.REFUSALS as refusal:
        return workflow_orders.refused(_INDEX, refusal, form={}, **_all())
    return workflow_orders.reordered(_index, url_for("workflow_stages.index"))


@bp.get("/stages/<int:stage_id>")
def show(stage_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_WORKFLOW)
    return _show(stage_id)


@bp.post("/stages/<int:stage_id>")
def update(stage_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            name = request.form.get("name", "")
            stage = workflow_steps.update_stage(conn, actor=viewers.current(), stage_id=stage_id, name=name)
    except forms.REFUSALS as refusal:
        return forms.again(_SHOW, refusal, form=request.form, adding={}, **_one(stage_id))
    return workflow_orders.done(f"“{stage.name}” is saved.", _page(stage_id))


@bp.post("/stages/<int:stage_id>/order")
def reorder_steps(stage_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            workflow_order.reorder_substages(
                conn, actor=viewers.current(), stage_id=stage_id, **workflow_orders.typed()
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return workflow_orders.refused(_SHOW, refusal, form={}, adding={}, **_one(stage_id))
    return workflow_orders.reordered(partial(_show, stage_id), _page(stage_id))


@bp.post("/stages/<int:stage_id>/substages")
def create_step(stage_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            step = workflow_steps.create_substage(
                conn, actor=viewers.current(), stage_id=stage_id, name=form.get("name", ""), icon=form.get("icon", "")
            )
    except forms.REFUSALS as refusal:
        return forms.again(_SHOW, refusal, form={}, adding=form, **_one(stage_id))
    back = url_for("workflow_substages.show", substage_id=step.id)
    return workflow_orders.done(f"“{step.name}” is added. Give it its first field.", back)


def _index() -> str:
    return render_template(_INDEX, form={}, errors={}, **_all())


def _show(stage_id: int) -> str:
    return render_template(_SHOW, form={}, adding={}, errors={}, **_one(stage_id))


def _page(stage_id: int) -> str:
    return url_for("workflow_stages.show", stage_id=stage_id)


def _all() -> dict[str, Any]:
    with db.transaction() as conn:
        return {"workflow": workflow.everything(conn)}


def _one(stage_id: int) -> dict[str, Any]:
    found = _all()["workflow"]
    return {
        "workflow": found, "stage": workflow_order.stage_of(found, stage_id), "icons": workflow_orders.icon_choices(),
    }  # fmt: skip
