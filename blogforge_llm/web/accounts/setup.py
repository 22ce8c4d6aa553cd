"""The first run: a link from the terminal opens the form that creates the admin."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.accounts import sessions, setup, users
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.viewers import public

bp = Blueprint("setup", __name__, url_prefix="/setup")


@bp.get("")
@public
def show() -> ResponseReturnValue:
    with db.transaction() as conn:
        has_users = users.count(conn) > 0
    return htmx.redirect_or("/login") if has_users else render_template("accounts/setup/show.html")


@bp.get("/<token>")
@public
def new(token: str) -> ResponseReturnValue:
    with db.transaction() as conn:
        is_open = setup.is_open(conn, token=token)
    if not is_open:
        return htmx.redirect_or("/setup")
    return render_template("accounts/setup/new.html", errors={}, form={}, token=token)


@bp.post("/<token>")
@public
def create(token: str) -> ResponseReturnValue:
    fields = {name: request.form.get(name, "") for name in ("name", "email", "password", "repeated")}
    try:
        with db.transaction() as conn:
            user = setup.claim(conn, token=token, **fields)
            session = sessions.create(conn, user_id=user.id)
    except forms.REFUSALS as refusal:
        return forms.again("accounts/setup/new.html", refusal, form=request.form, token=token)
    flash("Your account is ready.", "success")
    return viewers.remember(htmx.redirect_or("/llm/"), session)
