"""Webhooks: who else is told of alerts, with the log of what was sent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db, watching
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.alerts import DeliveryStatus
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import deliveries, webhooks
from blogforge_llm.web import forms, htmx, viewers

bp = Blueprint("webhooks", __name__, url_prefix="/alerts/webhooks")

_PAGE = 30


@bp.get("")
def index() -> str:
    with db.connection() as conn:
        found = webhooks.list_all(conn, actor=viewers.current())
    return render_template("ops/webhooks/index.html", webhooks=found)


@bp.get("/new")
def new() -> str:
    permissions.require(viewers.current(), Permission.KEEP_ALERTS)
    form = {"name": "", "url": "", "is_enabled": True}
    return render_template("ops/webhooks/new.html", errors={}, form=form)


@bp.post("")
def create() -> ResponseReturnValue:
    """Answers with the page itself: the secret must be shown, and no cookie should carry it to the next one."""
    try:
        with db.transaction() as conn:
            webhook, secret = webhooks.create(conn, actor=viewers.current(), **_typed())
    except forms.REFUSALS as refusal:
        return forms.again("ops/webhooks/new.html", refusal, form=request.form)
    return _page(webhook.id, secret=secret), 201


@bp.get("/<int:webhook_id>")
def show(webhook_id: int) -> str:
    return _page(webhook_id)


@bp.get("/<int:webhook_id>/edit")
def edit(webhook_id: int) -> str:
    webhook = _get(webhook_id)
    return render_template("ops/webhooks/edit.html", errors={}, form=webhook, webhook=webhook)


@bp.post("/<int:webhook_id>")
def update(webhook_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            webhooks.update(conn, actor=viewers.current(), webhook_id=webhook_id, **_typed())
    except forms.REFUSALS as refusal:
        return forms.again("ops/webhooks/edit.html", refusal, form=request.form, webhook=_get(webhook_id))
    flash("The webhook is saved.", "success")
    return htmx.redirect_or(f"/alerts/webhooks/{webhook_id}")


@bp.post("/<int:webhook_id>/secret")
def renew_secret(webhook_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        _, secret = webhooks.renew_secret(conn, actor=viewers.current(), webhook_id=webhook_id)
    return _page(webhook_id, secret=secret), 201


@bp.post("/<int:webhook_id>/test")
def test(webhook_id: int) -> ResponseReturnValue:
    delivery = watching.send_test(actor=viewers.current(), webhook_id=webhook_id)
    if delivery.status is DeliveryStatus.DELIVERED:
        flash(f"The test was taken: it answered {delivery.http_status}.", "success")
    else:
        flash(f"The test was not taken. {delivery.error}", "error")
    return htmx.redirect_or(f"/alerts/webhooks/{webhook_id}")


@bp.post("/<int:webhook_id>/deletion")
def delete(webhook_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        webhook = webhooks.delete(conn, actor=viewers.current(), webhook_id=webhook_id)
    flash(f"The webhook “{webhook.name}” is deleted.", "success")
    return htmx.redirect_or("/alerts/webhooks")


def _page(webhook_id: int, *, secret: str | None = None) -> str:
    before_id = request.args.get("before", type=int)
    with db.transaction() as conn:
        actor = viewers.current()
        webhook = webhooks.get(conn, actor=actor, webhook_id=webhook_id)
        found = deliveries.list_(conn, actor=actor, webhook_id=webhook_id, before_id=before_id, limit=_PAGE + 1)
    return render_template(
        "ops/webhooks/show.html", webhook=webhook, secret=secret, deliveries=found[:_PAGE], has_more=len(found) > _PAGE,
        is_later=before_id is not None,
    )  # fmt: skip


def _get(webhook_id: int) -> Any:
    with db.connection() as conn:
        return webhooks.get(conn, actor=viewers.current(), webhook_id=webhook_id)


def _typed() -> dict[str, Any]:
    form = request.form
    return {"name": form.get("name", ""), "url": form.get("url", ""), "is_enabled": "is_enabled" in form}
