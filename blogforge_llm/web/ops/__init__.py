"""The ops area: is it alive, is it ready, what is there, how is it doing, what does it cost."""

from __future__ import annotations

from blogforge_llm.web.ops import budgets, health, ledger, metrics, overview

BLUEPRINTS = [budgets.bp, health.bp, ledger.bp, metrics.bp, overview.bp]
