"""The ops area: is it alive, is it ready, what is there, how is it doing, what does it cost, who changed it."""

from __future__ import annotations

from blogforge_llm.web.ops import (
    alert_rules,
    alerts,
    audit,
    budgets,
    errors,
    health,
    ledger,
    metrics,
    overview,
    reports,
    webhooks,
)

BLUEPRINTS = [
    alert_rules.bp, alerts.bp, audit.bp, budgets.bp, errors.bp, health.bp, ledger.bp, metrics.bp, overview.bp,
    reports.bp, webhooks.bp,
]  # fmt: skip
