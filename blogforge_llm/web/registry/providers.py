"""Providers: the list, connecting one, its page. Testing and discovery are in tests.py and discoveries.py."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import connections, db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.registry import circuits, connecting, keys, known_services, limits, models, providers
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import numbers

bp = Blueprint("providers", __name__, url_prefix="/llm/providers")


@bp.get("")
def index() -> ResponseReturnValue:
    with db.connection() as conn:
        found, all_models = providers.list_all(conn), models.list_all(conn)
        all_keys = keys.list_visible(conn, actor=viewers.current(), limit=1000)
        resting = circuits.list_resting(conn, actor=viewers.current())
    return render_template(
        "registry/providers/index.html", providers=found, models=all_models, keys=all_keys, resting=resting
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    """The choice of services, or the form of the one that was chosen."""
    viewer, key = viewers.current(), request.args.get("service")
    if key is None:
        found = connecting.list_found(actor=viewer)
        return render_template("registry/providers/new.html", found=found, servers=None, **_choice())
    permissions.require(viewer, Permission.KEEP_REGISTRY)
    service = known_services.get(key)
    with db.transaction() as conn:
        name = connecting.free_name(conn, service=service)
    form = connecting.suggest(service, name=name, variable=request.args.get("variable", ""))
    return render_template("registry/providers/connect.html", errors={}, form=form, **_connect(key))


@bp.post("/local-servers")
def look() -> ResponseReturnValue:
    viewer = viewers.current()
    servers = connections.look_for_local_servers(actor=viewer)
    if htmx.wants_fragment():
        return render_template("registry/providers/_local_servers.html", servers=servers)
    found = connecting.list_found(actor=viewer)
    return render_template("registry/providers/new.html", found=found, servers=servers, **_choice())


@bp.post("")
def create() -> ResponseReturnValue:
    form = request.form
    key = form.get("service", "")
    try:
        with db.transaction() as conn:
            provider = connecting.connect(conn, actor=viewers.current(), service=known_services.get(key), **_typed())
    except forms.REFUSALS as refusal:
        typed = {**form.to_dict(), "models": form.getlist("models")}
        return forms.again("registry/providers/connect.html", refusal, form=typed, **_connect(key))
    flash(f"{provider.name} is connected. Test it, so that you know it answers.", "success")
    return htmx.redirect_or(f"/llm/providers/{provider.id}")


@bp.get("/<int:provider_id>")
def show(provider_id: int) -> ResponseReturnValue:
    return render_template("registry/providers/show.html", errors={}, form={}, **load(provider_id))


@bp.get("/<int:provider_id>/edit")
def edit(provider_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_REGISTRY)
    with db.transaction() as conn:
        provider = providers.get(conn, provider_id=provider_id)
    return render_template("registry/providers/edit.html", errors={}, provider=provider, form=asdict(provider))


@bp.post("/<int:provider_id>")
def update(provider_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            provider = providers.get(conn, provider_id=provider_id)
            providers.update(conn, actor=viewers.current(), provider_id=provider_id, name=form.get("name", ""),
                             is_enabled="is_enabled" in form, is_local="is_local" in form, **_details())  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again("registry/providers/edit.html", refusal, provider=provider, form=form)
    flash("The provider is saved.", "success")
    return htmx.redirect_or(f"/llm/providers/{provider_id}")


@bp.post("/<int:provider_id>/archival")
def archive(provider_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        provider = providers.archive(conn, actor=viewers.current(), provider_id=provider_id)
    flash(f"{provider.name} is archived with its models; its keys are deleted.", "success")
    return htmx.redirect_or("/llm/providers")


def load(provider_id: int) -> dict[str, Any]:
    """What the page of one provider shows; keys only to those who keep them."""
    viewer = viewers.current()
    with db.transaction() as conn:
        provider = providers.get(conn, provider_id=provider_id)
        may_keep = permissions.may(viewer, Permission.KEEP_REGISTRY)
        found = keys.list_of_provider(conn, actor=viewer, provider_id=provider_id) if may_keep else []
        of_provider = models.list_of_provider(conn, provider_id=provider_id)
        return {
            "provider": provider,
            "keys": found,
            "models": of_provider,
            "limits": limits.list_used(conn, actor=viewer, provider=provider, models=of_provider),
            "resting": circuits.list_resting(conn, actor=viewer),
        }


def _choice() -> dict[str, Any]:
    return {"services": known_services.SERVICES, "plugins": known_services.list_plugins()}


def _connect(key: str) -> dict[str, Any]:
    service = known_services.get(key)
    return {"service": service, "offered": connecting.list_offered(actor=viewers.current(), service=service)}


def _details() -> dict[str, Any]:
    return {"base_url": request.form.get("base_url"), **numbers.read(request.form, whole=providers.LIMITS)}


def _typed() -> dict[str, Any]:
    """The connect form as connecting.connect takes it."""
    form = request.form
    source = form.get("key_source", "typed")
    return {
        "name": form.get("name", ""),
        "api_key": form.get("api_key", "") if source == "typed" else "",
        "variable": source.removeprefix("env:") if source.startswith("env:") else "",
        "model_names": form.getlist("models"),
        "in_default_route": "in_default_route" in form,
        **_details(),
    }
