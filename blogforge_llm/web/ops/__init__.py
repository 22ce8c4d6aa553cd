"""The ops area: is it alive, is it ready, what is there, how is it doing, what does it cost, who changed it."""

from __future__ import annotations

from blogforge_llm.web.ops import audit, budgets, errors, health, ledger, metrics, overview, reports

BLUEPRINTS = [
    audit.bp, budgets.bp, errors.bp, health.bp, ledger.bp, metrics.bp, overview.bp, reports.bp,
]  # fmt: skip
