"""Routes: the list drawn as chains, and the page where one is put in order."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.registry import candidates, models, routes
from blogforge_llm.web import forms, htmx, viewers

bp = Blueprint("routes", __name__, url_prefix="/llm/routes")


@bp.get("")
def index() -> ResponseReturnValue:
    viewer = viewers.current()
    with db.connection() as conn:
        found = routes.list_all(conn)
        problems = candidates.list_problems(conn, route_ids=[route.id for route in found], user_id=viewer.id)
        has_models = models.count(conn) > 0
    return render_template("registry/routes/index.html", routes=found, problems=problems, has_models=has_models)


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_REGISTRY)
    return render_template("registry/routes/new.html", errors={}, name="", chosen=[], models=_models())


@bp.post("")
def create() -> ResponseReturnValue:
    name, chosen = request.form.get("name", ""), request.form.getlist("model_ids", type=int)
    try:
        with db.transaction() as conn:
            route = routes.create(conn, actor=viewers.current(), name=name, model_ids=chosen)
    except forms.REFUSALS as refusal:
        return forms.again("registry/routes/new.html", refusal, name=name, chosen=chosen, models=_models())
    flash(f"{route.name} is there. Put its models in order.", "success")
    return htmx.redirect_or(f"/llm/routes/{route.id}")


@bp.get("/<int:route_id>")
def show(route_id: int) -> ResponseReturnValue:
    page = _load(route_id)
    return render_template("registry/routes/show.html", errors={}, name=page["route"].name, **page)


@bp.post("/<int:route_id>")
def update(route_id: int) -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        with db.transaction() as conn:
            routes.update(conn, actor=viewers.current(), route_id=route_id, name=name)
    except forms.REFUSALS as refusal:
        return forms.again("registry/routes/show.html", refusal, name=name, **_load(route_id))
    flash("The name is saved.", "success")
    return htmx.redirect_or(f"/llm/routes/{route_id}")


@bp.post("/<int:route_id>/models")
def arrange(route_id: int) -> ResponseReturnValue:
    """A new order, one place up or down, one model more or less: whichever button was pressed."""
    with db.transaction() as conn:
        _arrange(conn, route_id)
    if not htmx.wants_fragment():
        return htmx.redirect_or(f"/llm/routes/{route_id}")
    return render_template("registry/routes/_models.html", **_load(route_id))


@bp.post("/<int:route_id>/default")
def make_default(route_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        route = routes.update(conn, actor=viewers.current(), route_id=route_id, is_default=True)
    flash(f"{route.name} is now the default route.", "success")
    return htmx.redirect_or("/llm/routes")


@bp.post("/<int:route_id>/archival")
def archive(route_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        route = routes.archive(conn, actor=viewers.current(), route_id=route_id)
    flash(f"{route.name} is archived.", "success")
    return htmx.redirect_or("/llm/routes")


def _arrange(conn: db.Connection, route_id: int) -> None:
    form, viewer = request.form, viewers.current()
    model_id, _, direction = form.get("move", "").partition(":")
    if model_id.isdecimal():
        by = -1 if direction == "up" else 1
        routes.move(conn, actor=viewer, route_id=route_id, model_id=int(model_id), by=by)
    elif "remove" in form:
        routes.remove_model(conn, actor=viewer, route_id=route_id, model_id=form.get("remove", 0, type=int))
    elif "add" in form:
        routes.add_model(conn, actor=viewer, route_id=route_id, model_id=form.get("add", 0, type=int))
    else:
        routes.reorder(conn, actor=viewer, route_id=route_id, order=form.getlist("order", type=int))


def _load(route_id: int) -> dict[str, Any]:
    with db.transaction() as conn:
        route = routes.get(conn, route_id=route_id)
        problems = candidates.list_problems(conn, route_ids=[route_id], user_id=viewers.current().id)[route_id]
        there = {model.id for model in route.models}
        others = [model for model in models.list_all(conn) if model.id not in there]
    places = [
        {"id": model.id, "label": model.name, "model": model, "problem": problems.get(model.id)}
        for model in route.models
    ]
    return {"route": route, "places": places, "problems": problems, "others": others}


def _models() -> list[Any]:
    with db.transaction() as conn:
        return list(models.list_all(conn))
