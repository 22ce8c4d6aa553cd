"""The ops area: is it alive, is it ready, what is there."""

from __future__ import annotations

from blogforge_llm.web.ops import health, overview

BLUEPRINTS = [health.bp, overview.bp]
