"""The prices of a model: those that held, the one that holds, those to come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.services.registry import models, prices
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import numbers

bp = Blueprint("prices", __name__, url_prefix="/llm/models/<int:model_id>/prices")


@bp.get("")
def index(model_id: int) -> ResponseReturnValue:
    return render_template("registry/prices/index.html", errors={}, form={}, **_load(model_id))


@bp.post("")
def create(model_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            model = models.get(conn, model_id=model_id)
            price = prices.create(conn, actor=viewers.current(), model=model, **_typed())
    except forms.REFUSALS as refusal:
        return forms.again("registry/prices/index.html", refusal, form=form, **_load(model_id))
    flash("The price is set." if not price.is_future else "The price is set and holds from then on.", "success")
    return htmx.redirect_or(f"/llm/models/{model_id}/prices")


@bp.post("/<int:price_id>/deletion")
def delete(model_id: int, price_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        model = models.get(conn, model_id=model_id)
        prices.delete(conn, actor=viewers.current(), model=model, price_id=price_id)
    flash("The price is deleted.", "success")
    return htmx.redirect_or(f"/llm/models/{model_id}/prices")


def _load(model_id: int) -> dict[str, Any]:
    with db.connection() as conn:
        return {
            "model": models.get(conn, model_id=model_id),
            "prices": prices.list_of(conn, model_id=model_id),
        }


def _typed() -> dict[str, Any]:
    return numbers.read(request.form, decimals=("input_price", "output_price")) | {"valid_from": _moment()}


def _moment() -> datetime | None:
    """As the browser's control writes it, in UTC; empty is now."""
    text = request.form.get("valid_from", "").strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        raise Invalid.field("valid_from", f"“{text[:30]}” is no moment. Write it like 2027-01-01T00:00.") from None
