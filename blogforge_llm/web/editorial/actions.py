"""Actions: what Automate does for each field."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.actions import Action
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import actions, workflow
from blogforge_llm.services.prompts import templates
from blogforge_llm.services.registry import presets, routes
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import numbers

bp = Blueprint("actions", __name__, url_prefix="/llm/actions")

_NEW, _EDIT = "editorial/actions/new.html", "editorial/actions/edit.html"
_WHOLE = ("max_tokens", "seed", "contract.max_length", "contract.min_items", "contract.max_items")
_OWN = ("name", "template_id", "route_id", "preset_id", "is_default", "needs_choice")
_DECIMALS = ("temperature", "top_p")


@bp.get("")
def index() -> ResponseReturnValue:
    is_archived = "archived" in request.args
    with db.connection() as conn:
        by_field: dict[str, list[Action]] = {}
        for action in actions.list_(conn, is_archived=is_archived):
            by_field.setdefault(action.field_key, []).append(action)
        context = {
            "substages": workflow.list_substages(conn), "has_templates": templates.count(conn) > 0,
            "counts": {"living": actions.count(conn), "archived": actions.count(conn, is_archived=True)},
        }  # fmt: skip
    return render_template("editorial/actions/index.html", actions=by_field, is_archived=is_archived, **context)


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    form = {"field_id": request.args.get("field", ""), "template_id": request.args.get("template", "")}
    return make_response(render_template(_NEW, form=form, errors={}, **_choices()))


@bp.post("")
def create() -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            is_default = True if "is_default" in form else None  # else the first one of the field still becomes it
            action = actions.create(conn, actor=viewers.current(), field_id=form.get("field_id", 0, type=int),
                                    is_default=is_default, **_typed())  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again(_NEW, refusal, form=form, **_choices())
    flash(f"“{action.name}” is saved for {action.field_name}.", "success")
    return htmx.redirect_or(url_for("actions.index"))


@bp.get("/<int:action_id>/edit")
def edit(action_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    with db.transaction() as conn:
        action = actions.get(conn, action_id)
    return _edit(action, _kept(action))


@bp.post("/<int:action_id>")
def update(action_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            action = actions.get(conn, action_id)
            actions.update(
                conn, actor=viewers.current(), action_id=action_id, is_default="is_default" in form, **_typed()
            )
    except forms.REFUSALS as refusal:
        return forms.again(_EDIT, refusal, action=action, form=form, **_choices())
    flash(f"“{form.get('name', '').strip()}” is saved.", "success")
    return htmx.redirect_or(url_for("actions.index"))


@bp.post("/<int:action_id>/archival")
def archive(action_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        action = actions.archive(conn, actor=viewers.current(), action_id=action_id)
    flash(f"“{action.name}” is archived. It stays under Archived, from where it can be brought back.", "success")
    return htmx.redirect_or(url_for("actions.index"))


@bp.post("/<int:action_id>/restoration")
def unarchive(action_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        action = actions.unarchive(conn, actor=viewers.current(), action_id=action_id)
    flash(f"“{action.name}” is back.", "success")
    return htmx.redirect_or(url_for("actions.index"))


def _edit(action: Action, form: dict[str, Any]) -> Response:
    return make_response(render_template(_EDIT, action=action, form=form, errors={}, **_choices()))


def _choices() -> dict[str, Any]:
    with db.transaction() as conn:
        return {
            "substages": workflow.list_substages(conn),
            "templates": templates.list_names(conn),
            "routes": [(route.id, route.name) for route in routes.list_all(conn)],
            "presets": [(preset.id, preset.name) for preset in presets.list_all(conn)],
        }


def _typed() -> dict[str, Any]:
    """What the form says; empty numbers are left open. Raises Invalid naming what is no number."""
    form = request.form
    typed = numbers.read(form, whole=_WHOLE, decimals=_DECIMALS)
    parameters = {name: typed[name] for name in ("max_tokens", "seed")}
    parameters |= {name: None if typed[name] is None else float(typed[name]) for name in _DECIMALS}
    contract = {name: typed[f"contract.{name}"] for name in ("max_length", "min_items", "max_items")}
    return {
        "name": form.get("name", ""),
        "template_id": form.get("template_id", 0, type=int),
        "route_id": form.get("route_id", type=int),
        "preset_id": form.get("preset_id", type=int),
        "needs_choice": "needs_choice" in form,
        "parameters": parameters | {"stop": form.get("stop", "").splitlines()},
        "contract": contract | {"shape": form.get("contract.shape", "")},
    }


def _kept(action: Action) -> dict[str, Any]:
    contract = {f"contract.{name}": value for name, value in action.contract.items()}
    stop = "\n".join(action.parameters.get("stop", []))
    own = {name: getattr(action, name) for name in _OWN}
    return {**own, **action.parameters, **contract, "stop": stop}
