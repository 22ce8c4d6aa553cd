"""The ops area of the API: budgets and the ledger."""

from __future__ import annotations

from blogforge_llm.api.ops import budgets, ledger

BLUEPRINTS = [budgets.bp, ledger.bp]
