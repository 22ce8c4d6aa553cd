"""Presets: parameters under a name."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.registry import presets
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import numbers

bp = Blueprint("presets", __name__, url_prefix="/llm/presets")


@bp.get("")
def index() -> ResponseReturnValue:
    with db.connection() as conn:
        found = presets.list_all(conn)
    return render_template("registry/presets/index.html", presets=found)


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_REGISTRY)
    return render_template("registry/presets/new.html", errors={}, form={})


@bp.post("")
def create() -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            preset = presets.create(conn, actor=viewers.current(), name=form.get("name", ""), parameters=_typed())
    except forms.REFUSALS as refusal:
        return forms.again("registry/presets/new.html", refusal, form=form)
    flash(f"{preset.name} is saved.", "success")
    return htmx.redirect_or("/llm/presets")


@bp.get("/<int:preset_id>/edit")
def edit(preset_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_REGISTRY)
    with db.transaction() as conn:
        preset = presets.get(conn, preset_id=preset_id)
    form = {"name": preset.name, **preset.parameters, "stop": "\n".join(preset.parameters.get("stop", []))}
    return render_template("registry/presets/edit.html", errors={}, preset=preset, form=form)


@bp.post("/<int:preset_id>")
def update(preset_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            preset = presets.get(conn, preset_id=preset_id)
            presets.update(conn, actor=viewers.current(), preset_id=preset_id, name=form.get("name", ""),
                           parameters=_typed())  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again("registry/presets/edit.html", refusal, preset=preset, form=form)
    flash("The preset is saved.", "success")
    return htmx.redirect_or("/llm/presets")


@bp.post("/<int:preset_id>/deletion")
def delete(preset_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        preset = presets.delete(conn, actor=viewers.current(), preset_id=preset_id)
    flash(f"{preset.name} is deleted.", "success")
    return htmx.redirect_or("/llm/presets")


def _typed() -> dict[str, Any]:
    """The parameters of the form; one stop text per line."""
    form = request.form
    typed = numbers.read(form, whole=("max_tokens", "seed"), decimals=("temperature", "top_p"))
    fractions = {name: None if typed[name] is None else float(typed[name]) for name in ("temperature", "top_p")}
    return {**typed, **fractions, "stop": form.get("stop", "").splitlines()}
