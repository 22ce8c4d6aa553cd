"""One field of the workflow as admins edit it: what it is called, what it takes, and its actions in order."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import actions, limits, workflow, workflow_fields
from blogforge_llm.web import forms, viewers
from blogforge_llm.web.editorial import workflow_orders
from blogforge_llm.web.registry import numbers

bp = Blueprint("workflow_fields", __name__, url_prefix="/settings/workflow/fields")

_NEW, _SHOW = "editorial/workflow_fields/new.html", "editorial/workflow_fields/show.html"
_TEXTS = ("key", "name", "kind", "help", "scope")


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_WORKFLOW)
    step = request.args.get("substage", 0, type=int)
    form = {"substage_id": step, "kind": "text", "scope": "post"}
    return render_template(_NEW, form=form, errors={}, **_choices(step))


@bp.post("")
def create() -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            field = workflow_fields.create(conn, actor=viewers.current(), **({"key": "", "name": ""} | _typed()))
    except forms.REFUSALS as refusal:
        return forms.again(_NEW, refusal, form=request.form, **_choices(request.form.get("substage_id", 0, type=int)))
    return workflow_orders.done(f"“{field.name}” is added to {field.substage_name}.", _page(field.id))


@bp.get("/<int:field_id>")
def show(field_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_WORKFLOW)
    return _show(field_id)


@bp.post("/<int:field_id>")
def update(field_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            field = workflow_fields.update(conn, actor=viewers.current(), field_id=field_id, **_typed())
    except forms.REFUSALS as refusal:
        return forms.again(_SHOW, refusal, form=request.form, **_context(field_id))
    return workflow_orders.done(f"“{field.name}” is saved.", _page(field_id))


@bp.post("/<int:field_id>/actions/order")
def reorder_actions(field_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            actions.reorder(conn, actor=viewers.current(), field_id=field_id, **workflow_orders.typed())
    except forms.REFUSALS as refusal:
        context = _context(field_id)
        return workflow_orders.refused(_SHOW, refusal, form=_kept(context), **context)
    return workflow_orders.reordered(partial(_show, field_id), _page(field_id))


def _typed() -> dict[str, Any]:
    """What the form says; a field that may no longer change sends none of that. What is no number goes on as it was
    typed, so that it is refused along with what else is wrong."""
    form = request.form
    most = limits.LINE if form.get("kind") == "line" else limits.MOST_CHARACTERS
    max_length, max_words = _number("max_length"), _number("max_words")
    return {
        **{name: form[name] for name in _TEXTS if name in form}, "substage_id": form.get("substage_id", 0, type=int),
        "max_length": most if max_length is None else max_length, "max_words": max_words,
    }  # fmt: skip


def _number(name: str) -> int | str | None:
    try:
        found: int | None = numbers.read(request.form, whole=(name,))[name]
    except Invalid:
        return request.form[name]
    return found


def _show(field_id: int) -> str:
    context = _context(field_id)
    return render_template(_SHOW, form=_kept(context), errors={}, **context)


def _page(field_id: int) -> str:
    return url_for("workflow_fields.show", field_id=field_id)


def _choices(chosen: int) -> dict[str, Any]:
    """And where somebody came from who adds a field."""
    with db.transaction() as conn:
        substages = workflow.list_substages(conn)
    is_known = any(step.id == chosen for step in substages)
    index = url_for("workflow_stages.index")
    back = url_for("workflow_substages.show", substage_id=chosen) if is_known else index
    return {"substages": substages, "back": back}


def _context(field_id: int) -> dict[str, Any]:
    with db.transaction() as conn:
        field = workflow_fields.get(conn, field_id=field_id)
        found = workflow.everything(conn)
        return {
            "field": field, "workflow": found, "is_used": workflow_fields.is_used(conn, field),
            "is_built_in": field.key in workflow_fields.BUILT_IN, "actions": actions.list_for_field(conn, field.id),
            "substage": next(step for step in found.substages if step.key == field.substage_key),
            "substages": [step for step in found.substages if step.is_living or step.key == field.substage_key],
        }  # fmt: skip


def _kept(context: dict[str, Any]) -> dict[str, Any]:
    field = context["field"]
    usual = limits.LINE if field.kind == "line" else limits.MOST_CHARACTERS
    most = None if field.max_length == usual else field.max_length
    own = {name: getattr(field, name) for name in (*_TEXTS, "max_words")}
    return own | {"substage_id": context["substage"].id, "max_length": most}
