"""The editorial area of the API."""

from __future__ import annotations

from blogforge_llm.api.editorial import actions, library

BLUEPRINTS = [actions.bp, library.bp]
