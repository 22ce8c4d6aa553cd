"""The editorial area: posts, the workflow page, and what can be done to a field on it."""

from __future__ import annotations

from blogforge_llm.web.editorial import actions, fields, library, posts, prompts, revisions, suggestions, workflow

BLUEPRINTS = [posts.bp, workflow.bp, fields.bp, revisions.bp, suggestions.bp, prompts.bp, actions.bp, library.bp]
