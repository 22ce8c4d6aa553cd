"""Models: the table, adding one by name, changing one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.registry import Route
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.registry import circuits, models, providers, routes
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import numbers

bp = Blueprint("models", __name__, url_prefix="/llm/models")

_SWITCHES = ("streams", "sees_images", "writes_json", "is_ai", "is_enabled")


@bp.get("")
def index() -> ResponseReturnValue:
    with db.connection() as conn:
        found, all_routes = models.list_all(conn), routes.list_all(conn)
        has_providers = providers.count(conn) > 0
        resting = circuits.list_resting(conn, actor=viewers.current())
    routes_of: dict[int, list[Route]] = {}
    for route in all_routes:
        for model in route.models:
            routes_of.setdefault(model.id, []).append(route)
    return render_template(
        "registry/models/index.html", models=found, routes_of=routes_of, has_providers=has_providers, resting=resting
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_REGISTRY)
    switches = dict.fromkeys(("streams", "writes_json", "is_ai", "is_enabled", "in_default_route"), True)
    form = {**switches, "provider_id": request.args.get("provider_id", 0, type=int)}
    return render_template("registry/models/new.html", errors={}, form=form, refused=[], **_choices())


@bp.post("")
def create() -> ResponseReturnValue:
    form, refused = request.form, request.form.getlist("refused_parameters")
    try:
        with db.transaction() as conn:
            model = models.create(conn, actor=viewers.current(), provider_id=form.get("provider_id", 0, type=int),
                                  in_default_route="in_default_route" in form, **_typed())  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again("registry/models/new.html", refusal, form=form, refused=refused, **_choices())
    flash(f"{model.name} is added.", "success")
    return htmx.redirect_or(f"/llm/providers/{model.provider_id}")


@bp.get("/<int:model_id>/edit")
def edit(model_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_REGISTRY)
    page = _load(model_id)
    form = asdict(page["model"])
    return render_template(
        "registry/models/edit.html", errors={}, form=form, refused=form["refused_parameters"], **page
    )


@bp.post("/<int:model_id>")
def update(model_id: int) -> ResponseReturnValue:
    form, refused = request.form, request.form.getlist("refused_parameters")
    try:
        with db.transaction() as conn:
            model = models.update(conn, actor=viewers.current(), model_id=model_id, **_typed())
    except forms.REFUSALS as refusal:
        return forms.again("registry/models/edit.html", refusal, form=form, refused=refused, **_load(model_id))
    flash(f"{model.name} is saved.", "success")
    return htmx.redirect_or("/llm/models")


@bp.post("/<int:model_id>/archival")
def archive(model_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        model = models.archive(conn, actor=viewers.current(), model_id=model_id)
    flash(f"{model.name} is archived. What it answered stays.", "success")
    return htmx.redirect_or("/llm/models")


def _load(model_id: int) -> dict[str, Any]:
    with db.transaction() as conn:
        return {
            "model": models.get(conn, model_id=model_id),
            "route_names": models.list_route_names(conn, model_id=model_id),
            "parameters": models.PARAMETERS,
        }


def _choices() -> dict[str, Any]:
    with db.transaction() as conn:
        return {"providers": providers.list_all(conn), "parameters": models.PARAMETERS}


def _typed() -> dict[str, Any]:
    form = request.form
    return {
        "name": form.get("name", ""),
        "refused_parameters": form.getlist("refused_parameters"),
        **{name: name in form for name in _SWITCHES},
        **numbers.read(
            form,
            whole=("context_window", "max_output_tokens", *providers.LIMITS),
            decimals=("input_price", "output_price", "first_token_timeout_s", "idle_timeout_s"),
        ),
    }
