"""Budgets: how much of each is spent; setting, changing and deleting them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions, users
from blogforge_llm.services.ops import audit, budgets
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import numbers

bp = Blueprint("budgets", __name__, url_prefix="/llm/budgets")


@bp.get("")
def index() -> ResponseReturnValue:
    viewer = viewers.current()
    with db.connection() as conn:
        found = budgets.list_all(conn, actor=viewer)
        log = audit.list_(conn, actor=viewer, noun="budget", limit=20)
    return render_template("ops/budgets/index.html", budgets=found, log=log, periods=budgets.PERIODS)


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_REGISTRY)
    form = {"scope": "instance", "period": "month", "warn_percent": 80, "amount": ""}
    return render_template("ops/budgets/new.html", errors={}, form=form, **_choices())


@bp.post("")
def create() -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            budgets.create(
                conn, actor=viewers.current(), scope=form.get("scope", ""), period=form.get("period", ""),
                user_id=form.get("user_id", type=int), **_typed(),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again("ops/budgets/new.html", _named(refusal), form=form, **_choices())
    flash("The budget is set. It holds from the next call on.", "success")
    return htmx.redirect_or("/llm/budgets")


@bp.get("/<int:budget_id>/edit")
def edit(budget_id: int) -> ResponseReturnValue:
    budget = _get(budget_id)
    form = {
        "amount": f"{budget.amount:f}", "warn_percent": f"{(budget.warn_share * 100).normalize():f}",
        "refuses_unpriced": budget.refuses_unpriced,
    }  # fmt: skip
    return render_template("ops/budgets/edit.html", errors={}, form=form, budget=budget, periods=budgets.PERIODS)


@bp.post("/<int:budget_id>")
def update(budget_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            budgets.update(conn, actor=viewers.current(), budget_id=budget_id, **_required(_typed()))
    except forms.REFUSALS as refusal:
        return forms.again(
            "ops/budgets/edit.html", _named(refusal), form=request.form, budget=_get(budget_id), periods=budgets.PERIODS
        )
    flash("The budget is saved. It holds from the next call on.", "success")
    return htmx.redirect_or("/llm/budgets")


@bp.post("/<int:budget_id>/deletion")
def delete(budget_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        budget = budgets.delete(conn, actor=viewers.current(), budget_id=budget_id)
    flash(f"The budget is deleted: {budget.label}, {budgets.PERIODS[budget.period]}.", "success")
    return htmx.redirect_or("/llm/budgets")


def _get(budget_id: int) -> Any:
    with db.connection() as conn:
        return budgets.get(conn, actor=viewers.current(), budget_id=budget_id)


def _choices() -> dict[str, Any]:
    with db.connection() as conn:
        people = [person for person in users.list_(conn, actor=viewers.current()) if person.is_active]
    return {"people": [(person.id, f"{person.name} ({person.email})") for person in people], "periods": budgets.PERIODS}


def _typed() -> dict[str, Any]:
    typed = numbers.read(request.form, decimals=("amount", "warn_percent"))
    percent: Decimal | None = typed.pop("warn_percent")
    share = percent / 100 if percent is not None else None
    return typed | {"warn_share": share, "refuses_unpriced": "refuses_unpriced" in request.form}


def _required(typed: dict[str, Any]) -> dict[str, Any]:
    """An emptied field is not one that is left as it was."""
    return {name: Decimal("NaN") if value is None else value for name, value in typed.items()}


def _named(refusal: Any) -> Any:
    """The form asks for percents, the service for a share."""
    wrong = getattr(refusal, "errors", {})
    if "warn_share" in wrong:
        del wrong["warn_share"]
        wrong["warn_percent"] = "A number of percents above 0, at most 100."
    return refusal
