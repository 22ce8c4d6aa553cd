"""The settings, for admins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.accounts import settings
from blogforge_llm.services.registry import routes
from blogforge_llm.web import forms, htmx, viewers

bp = Blueprint("settings", __name__, url_prefix="/settings")


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template("accounts/settings/index.html", **_load(), errors={}, typed={})


@bp.post("/<key>")
def update(key: str) -> ResponseReturnValue:
    shown = _load()
    text = request.form.get("value", "")
    try:
        with db.transaction() as conn:
            setting = settings.update_from_text(conn, actor=viewers.current(), key=key, text=text)
    except forms.REFUSALS as refusal:
        return forms.again("accounts/settings/index.html", refusal, **shown, typed={key: text})
    flash(f"{setting.label}: saved.", "success")
    return htmx.redirect_or("/settings")


def _load() -> dict[str, Any]:
    """The default route is shown here and kept on Routes: one truth."""
    with db.transaction() as conn:
        return {
            "settings": settings.list_(conn, actor=viewers.current()),
            "default_route": routes.get_default(conn),
        }
