"""The ops area: is it alive, is it ready."""

from __future__ import annotations

from blogforge_llm.web.ops import health

BLUEPRINTS = [health.bp]
