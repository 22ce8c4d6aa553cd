"""The ops area: is it alive, is it ready, what is there, how is it doing, who changed it."""

from __future__ import annotations

from blogforge_llm.web.ops import audit, errors, health, metrics, overview, reports

BLUEPRINTS = [audit.bp, errors.bp, health.bp, metrics.bp, overview.bp, reports.bp]
