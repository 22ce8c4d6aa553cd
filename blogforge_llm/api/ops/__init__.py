"""The ops area of the API: the dashboard, alerts with their rules and webhooks, the audit log, budgets, errors, the
ledger.
"""

from __future__ import annotations

from blogforge_llm.api.ops import alert_rules, alerts, audit, budgets, dashboard, errors, ledger, webhooks

BLUEPRINTS = [dashboard.bp, alerts.bp, alert_rules.bp, webhooks.bp, audit.bp, budgets.bp, errors.bp, ledger.bp]
