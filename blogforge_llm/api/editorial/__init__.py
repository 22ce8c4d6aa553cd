"""The editorial area of the API."""

from __future__ import annotations

from blogforge_llm.api.editorial import (
    actions,
    articles,
    fields,
    items,
    library,
    posts,
    receipts,
    runs,
    section_fields,
    sections,
    suggestions,
    workflow,
    workflow_fields,
)

BLUEPRINTS = [
    workflow.bp,
    workflow_fields.bp,
    posts.bp,
    sections.bp,
    section_fields.bp,
    items.bp,
    runs.bp,
    fields.bp,
    receipts.bp,
    articles.bp,
    suggestions.bp,
    actions.bp,
    library.bp,
]
