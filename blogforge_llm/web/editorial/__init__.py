"""The editorial area: posts, the workflow page, and what can be done to a field on it."""

from __future__ import annotations

from blogforge_llm.web.editorial import (
    actions,
    articles,
    board,
    drafts,
    fields,
    headings,
    library,
    posts,
    prompts,
    receipts,
    revisions,
    runs,
    sections,
    suggestions,
    workflow,
    workflow_archivals,
    workflow_fields,
    workflow_stages,
    workflow_substages,
)

BLUEPRINTS = [
    posts.bp,
    workflow.bp,
    sections.bp,
    headings.bp,
    board.bp,
    drafts.bp,
    runs.bp,
    fields.bp,
    revisions.bp,
    receipts.bp,
    articles.bp,
    suggestions.bp,
    prompts.bp,
    actions.bp,
    library.bp,
    workflow_archivals.bp,
    workflow_fields.bp,
    workflow_stages.bp,
    workflow_substages.bp,
]
