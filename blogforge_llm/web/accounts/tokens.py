"""One's own API tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.accounts import tokens
from blogforge_llm.web import forms, htmx, viewers

bp = Blueprint("tokens", __name__, url_prefix="/account/tokens")
_PAGE = "accounts/tokens/index.html"


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template(_PAGE, errors={}, name="", secret=None, **_list())


@bp.post("")
def create() -> ResponseReturnValue:
    """Answers with the page itself: the token must be shown, and no cookie should carry it to the next one."""
    name = request.form.get("name", "")
    try:
        with db.transaction() as conn:
            _, secret = tokens.create(conn, actor=viewers.current(), name=name)
    except forms.REFUSALS as refusal:
        return forms.again(_PAGE, refusal, name=name, secret=None, **_list())
    return render_template(_PAGE, errors={}, name="", secret=secret, **_list()), 201


@bp.post("/<int:token_id>/revocation")
def revoke(token_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        token = tokens.revoke(conn, actor=viewers.current(), token_id=token_id)
    flash(f"The token “{token.name}” is revoked. Programs that use it are refused from now on.", "success")
    return htmx.redirect_or("/account/tokens")


def _list() -> dict[str, Any]:
    with db.transaction() as conn:
        return {"tokens": tokens.list_(conn, actor=viewers.current())}
