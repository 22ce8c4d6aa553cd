"""The ops area: is it alive, is it ready, what is there, how is it doing."""

from __future__ import annotations

from blogforge_llm.web.ops import health, metrics, overview

BLUEPRINTS = [health.bp, metrics.bp, overview.bp]
