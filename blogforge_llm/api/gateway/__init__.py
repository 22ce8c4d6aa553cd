"""OpenAI's API over the same engine: /v1/chat/completions and /v1/models. docs/gateway.md is its guide."""

from __future__ import annotations

from blogforge_llm.api.gateway import completions, models
from blogforge_llm.api.gateway.blueprint import bp

__all__ = ["BLUEPRINTS", "completions", "models"]

BLUEPRINTS = [bp]
