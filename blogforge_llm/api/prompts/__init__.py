"""The prompts area of the API."""

from __future__ import annotations

from blogforge_llm.api.prompts import outcomes, parts, templates

BLUEPRINTS = [parts.bp, templates.bp, outcomes.bp]
