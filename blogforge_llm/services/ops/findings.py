"""A look by a rule: what is beyond its threshold now, and what is not yet clearly below it.

Whoever is not among the findings is clear. A share or a time is clear only well below the threshold, so that what
swings around it is one alert; money and time passed do not swing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from blogforge_llm import db
from blogforge_llm.engine.budgets import usd
from blogforge_llm.records.alerts import AlertRule, Finding, RuleKind
from blogforge_llm.records.ops import BudgetScope
from blogforge_llm.records.tasks import Category
from blogforge_llm.services.ops import budgets
from blogforge_llm.services.tasks import wording

sql = db.load("ops/findings")

CLEAR_SHARE = Decimal("0.8")  # of the threshold
_AWAY = timedelta(minutes=3)  # nobody looked for so long: nothing is known of workers
_WORK = {"interactive": "Queued tasks are run by nobody", "batch": "Batches wait and nobody runs them"}


def now(conn: db.Connection) -> datetime:
    """By the database's clock, which all processes share."""
    moment: datetime = sql.get_now(conn)
    return moment


def see_workers(conn: db.Connection, *, now: datetime, last_look: datetime) -> None:
    """Note which workers live, before rules ask for how long one was missing."""
    sql.see_workers(conn, now=now, is_first=now - last_look > _AWAY)


def list_for(conn: db.Connection, *, rule: AlertRule, now: datetime) -> list[Finding]:
    return _LOOKS[rule.kind](conn, rule, now)


def _error_shares(conn: db.Connection, rule: AlertRule, now: datetime) -> list[Finding]:
    found = []
    for row in sql.list_error_shares(conn, since=_since(rule, now), minimum=rule.minimum):
        share = Decimal(row["failed"]) / row["calls"]
        words = f"{share:.0%} of {row['calls']:,} calls failed within {_minutes(rule.window_minutes)}."
        found += _compared(rule, f"model:{row['model_id']}", row["label"], share, words)
    return found


def _latencies(conn: db.Connection, rule: AlertRule, now: datetime) -> list[Finding]:
    found = []
    for row in sql.list_latencies(conn, since=_since(rule, now), minimum=rule.minimum):
        seconds = Decimal(str(round(row["p95_s"], 2)))
        words = f"95 % of {row['calls']:,} answers came within {seconds} s, over {_minutes(rule.window_minutes)}."
        found += _compared(rule, f"model:{row['model_id']}", row["label"], seconds, words)
    return found


def _budgets(conn: db.Connection, rule: AlertRule, now: datetime) -> list[Finding]:
    found = []
    for budget in budgets.list_spent(conn):
        if budget.scope is BudgetScope.BATCH or not budget.amount:  # of nothing there is no share
            continue
        share = budget.spent / budget.amount
        whose = f"{budget.label}, {budgets.PERIODS[budget.period]}"
        by = f" by {budget.top_user_name}" if budget.scope is BudgetScope.EACH_USER and budget.top_user_name else ""
        words = f"{usd(budget.spent)} of {usd(budget.amount)} spent{by}, {share:.0%}."
        if share >= _threshold(rule):
            found.append(Finding(f"budget:{budget.id}", whose, round(share, 4), words, is_breach=True))
    return found


def _circuits(conn: db.Connection, rule: AlertRule, now: datetime) -> list[Finding]:
    found = []
    for row in sql.list_resting(conn, since=_since(rule, now), now=now):
        why = f": {wording.PHRASES[Category(row['category'])]}" if row["category"] else ""
        minutes = _age(row["since"], now)
        words = f"Not asked as usual for {_minutes(minutes)}{why}."
        found.append(Finding(row["name"], row["label"], Decimal(minutes), words, is_breach=True))
    return found


def _batches(conn: db.Connection, rule: AlertRule, now: datetime) -> list[Finding]:
    found = []
    for row in sql.list_batches(conn, since=_since(rule, now), minimum=rule.minimum):
        share = Decimal(row["failed"]) / row["items"]
        if share >= _threshold(rule):
            words = f"{row['failed']:,} of {row['items']:,} items failed."
            found.append(Finding(f"batch:{row['id']}", row["title"], round(share, 4), words, is_breach=True))
    return found


def _workers(conn: db.Connection, rule: AlertRule, now: datetime) -> list[Finding]:
    found = []
    for row in sql.list_missing(conn, since=_since(rule, now)):
        minutes = _age(row["seen_at"], now)
        words = f"{_WORK[row['kind']]}: no worker for {_minutes(minutes)}. Start one with blogforge worker."
        label = "Worker for batches" if row["kind"] == "batch" else "Worker"
        found.append(Finding(f"worker:{row['kind']}", label, Decimal(minutes), words, is_breach=True))
    return found


_LOOKS: dict[RuleKind, Callable[[db.Connection, AlertRule, datetime], list[Finding]]] = {
    RuleKind.ERROR_SHARE: _error_shares,
    RuleKind.LATENCY: _latencies,
    RuleKind.BUDGET: _budgets,
    RuleKind.CIRCUIT: _circuits,
    RuleKind.BATCH: _batches,
    RuleKind.WORKER: _workers,
}


def _compared(rule: AlertRule, subject: str, label: str, value: Decimal, words: str) -> list[Finding]:
    threshold = _threshold(rule)
    if value < threshold * CLEAR_SHARE:
        return []
    return [Finding(subject, label, round(value, 4), words, is_breach=value >= threshold)]


def _threshold(rule: AlertRule) -> Decimal:
    assert rule.threshold is not None  # the rules of these kinds have one: alert_rules.KINDS
    return rule.threshold


def _since(rule: AlertRule, now: datetime) -> datetime:
    return now - timedelta(minutes=rule.window_minutes)


def _age(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds() // 60))


def _minutes(number: int) -> str:
    if number < 2:
        return "1 minute" if number else "less than a minute"
    return f"{number:,} minutes"
