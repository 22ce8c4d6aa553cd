"""Testing a provider's connection: a real call, whose result stays on the provider."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import connections
from blogforge_llm.web import htmx, viewers

bp = Blueprint("provider_tests", __name__, url_prefix="/llm/providers/<int:provider_id>/tests")


@bp.post("")
def create(provider_id: int) -> ResponseReturnValue:
    model_id = request.form.get("model_id", type=int)
    test = connections.test(actor=viewers.current(), provider_id=provider_id, model_id=model_id)
    if htmx.wants_fragment():
        return render_template("registry/providers/_test.html", provider=test.provider, task_id=test.task_id)
    flash(test.message, "error" if test.category else "success")
    return htmx.redirect_or(f"/llm/providers/{provider_id}")
