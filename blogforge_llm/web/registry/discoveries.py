"""What models a provider has, and adding those that are ticked."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import connections, db
from blogforge_llm.services.registry import discovery, models, providers
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import ticks
from blogforge_llm.web.registry.providers import load

bp = Blueprint("discoveries", __name__, url_prefix="/llm/providers/<int:provider_id>")


@bp.post("/discovery")
def new(provider_id: int) -> ResponseReturnValue:
    """Ask the provider for its list. A POST, because it goes out to the provider."""
    try:
        found = connections.discover(actor=viewers.current(), provider_id=provider_id)
    except forms.REFUSALS as refusal:
        return forms.again("registry/providers/show.html", refusal, form={}, **load(provider_id))
    with db.transaction() as conn:
        provider = providers.get(conn, provider_id=provider_id)
        present = models.list_of_provider(conn, provider_id=provider_id)
    sorted_models = discovery.sort(found, provider=provider, present=present)
    found_entries = [
        {"number": number, "value": ticks.write(model), "model": model} for number, model in enumerate(sorted_models)
    ]
    return render_template("registry/discoveries/new.html", provider=provider, found=found_entries)


@bp.post("/models")
def create(provider_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            added = discovery.add(
                conn, actor=viewers.current(), provider=providers.get(conn, provider_id=provider_id),
                chosen=ticks.read(request.form.getlist("model")), in_default_route="in_default_route" in request.form,
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again("registry/providers/show.html", refusal, form={}, **load(provider_id))
    flash(f"{len(added)} model{'' if len(added) == 1 else 's'} added.", "success")
    return htmx.redirect_or(f"/llm/providers/{provider_id}")
