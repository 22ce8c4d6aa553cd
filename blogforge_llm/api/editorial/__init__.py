"""The editorial area of the API."""

from __future__ import annotations

from blogforge_llm.api.editorial import actions, fields, library, posts, suggestions, workflow

BLUEPRINTS = [workflow.bp, posts.bp, fields.bp, suggestions.bp, actions.bp, library.bp]
