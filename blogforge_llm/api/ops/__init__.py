"""The ops area of the API."""

from __future__ import annotations

from blogforge_llm.api.ops import audit, errors

BLUEPRINTS = [audit.bp, errors.bp]
