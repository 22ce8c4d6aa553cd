"""The ops area of the API: alerts with their rules and webhooks, the audit log, budgets, errors and the ledger."""

from __future__ import annotations

from blogforge_llm.api.ops import alert_rules, alerts, audit, budgets, errors, ledger, webhooks

BLUEPRINTS = [alerts.bp, alert_rules.bp, webhooks.bp, audit.bp, budgets.bp, errors.bp, ledger.bp]
