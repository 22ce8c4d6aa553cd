"""Keys: one's own, and for admins the shared ones. Shared keys are added on their provider's page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.registry import ProviderKey
from blogforge_llm.services.registry import keys, providers
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry.providers import load

bp = Blueprint("provider_keys", __name__, url_prefix="/llm/keys")


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template("registry/keys/index.html", errors={}, form={}, **_list())


@bp.post("")
def create() -> ResponseReturnValue:
    """One's own key from the list of keys, a shared one from the page of its provider."""
    form = request.form
    is_personal, provider_id = "is_shared" not in form, form.get("provider_id", 0, type=int)
    try:
        with db.transaction() as conn:
            key = keys.create(conn, actor=viewers.current(), provider_id=provider_id, is_personal=is_personal,
                              api_key=form.get("api_key", ""), name=form.get("name", ""))  # fmt: skip
    except forms.REFUSALS as refusal:
        if is_personal:
            return forms.again("registry/keys/index.html", refusal, form=form, **_list())
        return forms.again("registry/providers/show.html", refusal, form=form, **load(provider_id))
    flash(f"The key for {key.provider_name} is stored, encrypted.", "success")
    return htmx.redirect_or(_home(key))


@bp.get("/<int:key_id>/edit")
def edit(key_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        key = keys.get(conn, actor=viewers.current(), key_id=key_id)
    form = {"name": key.name, "is_enabled": key.is_enabled}
    return render_template("registry/keys/edit.html", errors={}, key=key, form=form, home=_home(key))


@bp.post("/<int:key_id>")
def update(key_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            key = keys.get(conn, actor=viewers.current(), key_id=key_id)
            keys.update(conn, actor=viewers.current(), key_id=key_id, name=form.get("name", ""),
                        is_enabled="is_enabled" in form, api_key=form.get("api_key") or None)  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again("registry/keys/edit.html", refusal, key=key, form=form, home=_home(key))
    flash("The key is saved.", "success")
    return htmx.redirect_or(_home(key))


@bp.post("/<int:key_id>/deletion")
def delete(key_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        key = keys.delete(conn, actor=viewers.current(), key_id=key_id)
    flash(f"The key {key.name} for {key.provider_name} is deleted.", "success")
    return htmx.redirect_or(_home(key))


def _list() -> dict[str, Any]:
    with db.transaction() as conn:
        found = keys.list_visible(conn, actor=viewers.current(), limit=1000)
        return {"keys": found, "providers": providers.list_all(conn)}


def _home(key: ProviderKey) -> str:
    return "/llm/keys" if key.user_id is not None else f"/llm/providers/{key.provider_id}"
