"""The ops area of the API: the audit log, budgets, errors and the ledger."""

from __future__ import annotations

from blogforge_llm.api.ops import audit, budgets, errors, ledger

BLUEPRINTS = [audit.bp, budgets.bp, errors.bp, ledger.bp]
