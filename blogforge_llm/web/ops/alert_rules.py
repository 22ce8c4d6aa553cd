"""What admins are told of: rules, offered as editable rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.alerts import AlertRule, RuleKind
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import alert_rules, audit
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.registry import numbers

bp = Blueprint("alert_rules", __name__, url_prefix="/alerts/rules")


@bp.get("")
def index() -> str:
    with db.connection() as conn:
        rules = alert_rules.list_all(conn, actor=viewers.current())
        log = audit.list_(conn, actor=viewers.current(), noun="alert_rule", limit=20)
    return render_template(
        "ops/alert_rules/index.html", rules=rules, kinds=alert_rules.KINDS, in_words=alert_rules.in_words,
        in_time=alert_rules.in_time, has_all={rule.kind for rule in rules} == set(RuleKind), log=log,
    )  # fmt: skip


@bp.post("/usual")
def add_usual() -> ResponseReturnValue:
    with db.transaction() as conn:
        added = alert_rules.add_usual(conn, actor=viewers.current())
    flash(f"{len(added)} rules are added. Change them as you like; they hold from the next minute on.", "success")
    return htmx.redirect_or("/alerts/rules")


@bp.get("/new")
def new() -> str:
    permissions.require(viewers.current(), Permission.KEEP_ALERTS)
    kind = _kind(request.args.get("kind", RuleKind.ERROR_SHARE))
    return render_template("ops/alert_rules/new.html", errors={}, form=_usual(kind), **_about(kind))


@bp.post("")
def create() -> ResponseReturnValue:
    kind = _kind(request.form.get("kind", ""))
    try:
        with db.transaction() as conn:
            alert_rules.create(conn, actor=viewers.current(), kind=kind, **_typed(kind))
    except forms.REFUSALS as refusal:
        return forms.again("ops/alert_rules/new.html", refusal, form=request.form, **_about(kind))
    flash("The rule is saved. It holds from the next minute on.", "success")
    return htmx.redirect_or("/alerts/rules")


@bp.get("/<int:rule_id>/edit")
def edit(rule_id: int) -> str:
    rule = _get(rule_id)
    return render_template("ops/alert_rules/edit.html", errors={}, form=_kept(rule), rule=rule, **_about(rule.kind))


@bp.post("/<int:rule_id>")
def update(rule_id: int) -> ResponseReturnValue:
    rule = _get(rule_id)
    try:
        with db.transaction() as conn:
            alert_rules.update(conn, actor=viewers.current(), rule_id=rule_id, **_typed(rule.kind))
    except forms.REFUSALS as refusal:
        return forms.again("ops/alert_rules/edit.html", refusal, form=request.form, rule=rule, **_about(rule.kind))
    flash("The rule is saved. It holds from the next minute on.", "success")
    return htmx.redirect_or("/alerts/rules")


@bp.post("/<int:rule_id>/deletion")
def delete(rule_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        rule = alert_rules.delete(conn, actor=viewers.current(), rule_id=rule_id)
    flash(f"The rule is deleted: {alert_rules.KINDS[rule.kind].label}.", "success")
    return htmx.redirect_or("/alerts/rules")


def _get(rule_id: int) -> AlertRule:
    with db.connection() as conn:
        return alert_rules.get(conn, actor=viewers.current(), rule_id=rule_id)


def _kind(text: str) -> RuleKind:
    if text not in set(RuleKind):
        raise Invalid.field("kind", f"Choose one of {', '.join(RuleKind)}.")
    return RuleKind(text)


def _about(kind: RuleKind) -> dict[str, Any]:
    about = alert_rules.KINDS[kind]
    fields = {"window": about.window[1] > 0, "minimum": bool(about.counted), "threshold": about.most is not None}
    return {"kind": kind, "about": about, "asks": fields, "is_share": kind is not RuleKind.LATENCY}


def _usual(kind: RuleKind) -> dict[str, Any]:
    about = alert_rules.KINDS[kind]
    return _shown(kind, about.threshold) | {
        "window_minutes": about.window_minutes, "minimum": about.minimum, "cooldown_minutes": about.cooldown_minutes,
        "is_enabled": True,
    }  # fmt: skip


def _kept(rule: AlertRule) -> dict[str, Any]:
    names = ("window_minutes", "minimum", "cooldown_minutes", "is_enabled")
    return _shown(rule.kind, rule.threshold) | {name: getattr(rule, name) for name in names}


def _shown(kind: RuleKind, threshold: Decimal | None) -> dict[str, Any]:
    """People read shares as percent."""
    if threshold is None:
        return {"threshold": ""}
    return {"threshold": f"{(threshold if kind is RuleKind.LATENCY else threshold * 100).normalize():f}"}


def _typed(kind: RuleKind) -> dict[str, Any]:
    """What the kind asks for; an emptied field is wrong and not the usual value."""
    asks = _about(kind)["asks"]
    whole = [
        "cooldown_minutes",
        *(["window_minutes"] if asks["window"] else []),
        *(["minimum"] if asks["minimum"] else []),
    ]
    decimals = ["threshold"] if asks["threshold"] else []
    typed = numbers.read(request.form, whole=whole, decimals=decimals)
    if missing := [name for name, value in typed.items() if value is None]:
        raise Invalid("The rule cannot be saved yet.", dict.fromkeys(missing, "A number is missing."))
    if decimals and kind is not RuleKind.LATENCY:
        typed["threshold"] /= 100
    return typed | {"is_enabled": "is_enabled" in request.form}
