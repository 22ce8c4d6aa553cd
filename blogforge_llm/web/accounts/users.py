"""People with an account, for admins."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.services.accounts import permissions, users
from blogforge_llm.web import forms, htmx, viewers

bp = Blueprint("users", __name__, url_prefix="/users")


@bp.get("")
def index() -> ResponseReturnValue:
    with db.connection() as conn:
        found = users.list_(conn, actor=viewers.current())
    return render_template("accounts/users/index.html", users=found)


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_USERS)
    return render_template("accounts/users/new.html", errors={}, form={"role": "editor"})


@bp.post("")
def create() -> ResponseReturnValue:
    fields = {name: request.form.get(name, "") for name in ("email", "name", "role", "password")}
    try:
        with db.transaction() as conn:
            user = users.create(conn, actor=viewers.current(), **fields)
    except forms.REFUSALS as refusal:
        return forms.again("accounts/users/new.html", refusal, form=request.form)
    flash(f"{user.name} can log in now. Hand over the password; it can be changed under Account.", "success")
    return htmx.redirect_or("/users")


@bp.get("/<int:user_id>/edit")
def edit(user_id: int) -> ResponseReturnValue:
    user = _get(user_id)
    return render_template("accounts/users/edit.html", errors={}, user=user, form=asdict(user))


@bp.post("/<int:user_id>")
def update(user_id: int) -> ResponseReturnValue:
    email, name, role = (request.form.get(field, "") for field in ("email", "name", "role"))
    try:
        with db.transaction() as conn:
            user = users.update(conn, actor=viewers.current(), user_id=user_id, email=email, name=name, role=role)
    except forms.REFUSALS as refusal:
        return forms.again("accounts/users/edit.html", refusal, user=_get(user_id), form=request.form)
    flash(f"{user.name} is saved.", "success")
    return htmx.redirect_or("/users")


@bp.post("/<int:user_id>/password")
def update_password(user_id: int) -> ResponseReturnValue:
    password = request.form.get("password", "")
    try:
        with db.transaction() as conn:
            user = users.set_password(conn, actor=viewers.current(), user_id=user_id, password=password)
    except forms.REFUSALS as refusal:
        user = _get(user_id)
        return forms.again("accounts/users/edit.html", refusal, user=user, form=asdict(user))
    flash(f"{user.name} has a new password and was logged out everywhere.", "success")
    return htmx.redirect_or("/users")


@bp.post("/<int:user_id>/activation")
def activate(user_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        user = users.update(conn, actor=viewers.current(), user_id=user_id, is_active=True)
    flash(f"{user.name} can log in again.", "success")
    return htmx.redirect_or("/users")


@bp.post("/<int:user_id>/deactivation")
def deactivate(user_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            user = users.update(conn, actor=viewers.current(), user_id=user_id, is_active=False)
    except forms.REFUSALS as refusal:
        user = _get(user_id)
        return forms.again("accounts/users/edit.html", refusal, user=user, form=asdict(user))
    flash(f"{user.name} was logged out and cannot log in any more. Nothing they wrote is changed.", "success")
    return htmx.redirect_or("/users")


def _get(user_id: int) -> User:
    with db.transaction() as conn:
        return users.get(conn, actor=viewers.current(), user_id=user_id)
