"""One's own account: name and password."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.accounts import logins, users
from blogforge_llm.web import forms, htmx, proxies, viewers

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
def show() -> ResponseReturnValue:
    return render_template("accounts/account/show.html", errors={}, name=viewers.current().name)


@bp.post("")
def update() -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        with db.transaction() as conn:
            users.rename(conn, actor=viewers.current(), name=name)
    except forms.REFUSALS as refusal:
        return forms.again("accounts/account/show.html", refusal, name=name)
    flash("Your name is saved.", "success")
    return htmx.redirect_or("/account")


@bp.post("/password")
def update_password() -> ResponseReturnValue:
    current, password = request.form.get("current", ""), request.form.get("password", "")
    user, repeated = viewers.current(), request.form.get("repeated", "")
    try:
        with db.transaction() as conn:
            login = logins.begin_change(
                conn, actor=user, password=password, repeated=repeated, address=proxies.address()
            )
        logins.verify_current(login, password=current)  # slow on purpose: no connection is held meanwhile
        with db.transaction() as conn:
            logins.change_password(conn, login=login, password=password, token=request.cookies[viewers.COOKIE])
    except forms.REFUSALS as refusal:
        return forms.again("accounts/account/show.html", refusal, name=user.name)
    flash("Your password is changed. Everywhere else you were logged out.", "success")
    return htmx.redirect_or("/account")
