"""The prompts area of the API."""

from __future__ import annotations

from blogforge_llm.api.prompts import outcomes, parts, proposals, templates

BLUEPRINTS = [parts.bp, templates.bp, proposals.bp, outcomes.bp]
