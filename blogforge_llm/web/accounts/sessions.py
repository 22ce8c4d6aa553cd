"""Logging in and out."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.accounts import logins, sessions, users
from blogforge_llm.web import destinations, forms, htmx, proxies, viewers
from blogforge_llm.web.viewers import public

bp = Blueprint("sessions", __name__)


@bp.get("/login")
@public
def new() -> ResponseReturnValue:
    destination = destinations.local(request.args.get("next"))
    if g.viewer:
        return htmx.redirect_or(destination)
    with db.transaction() as conn:
        has_users = users.count(conn) > 0
    if not has_users:
        return htmx.redirect_or("/setup")
    return render_template("accounts/sessions/new.html", email="", errors={}, next=destination)


@bp.post("/login")
@public
def create() -> ResponseReturnValue:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    destination = destinations.local(request.form.get("next"))
    try:
        with db.transaction() as conn:
            login = logins.begin(conn, email=email, address=proxies.address())
        logins.verify(login, password=password)  # slow on purpose: no connection is held meanwhile
        with db.transaction() as conn:
            token = logins.finish(conn, login=login, password=password, old_token=request.cookies.get(viewers.COOKIE))
    except forms.REFUSALS as refusal:
        return forms.again("accounts/sessions/new.html", refusal, email=email, next=destination)
    return viewers.remember(htmx.redirect_or(destination), token)


@bp.post("/logout")
@public
def delete() -> ResponseReturnValue:
    with db.transaction() as conn:
        sessions.end(conn, token=request.cookies.get(viewers.COOKIE, ""))
    return viewers.forget(htmx.redirect_or("/login"))
