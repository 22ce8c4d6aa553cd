"""The workflow as the stepper draws it."""

from __future__ import annotations

from typing import Any

from flask import url_for

from blogforge_llm.records.editorial import Overview, Substage, SuggestionStatus


def groups(overview: Overview, current: str) -> list[dict[str, Any]]:
    """A group per stage; links keep the post."""
    return [
        {"label": stage.name, "steps": [_step(overview, substage, current) for substage in stage.substages]}
        for stage in overview.stages
    ]


def _step(overview: Overview, substage: Substage, current: str) -> dict[str, Any]:
    done, total = overview.filled(substage), overview.total(substage)
    is_running = any(overview.waiting(field.key) == SuggestionStatus.RUNNING for field in substage.fields)
    share = "done" if done == total else "started" if done else "empty"
    status = "running" if is_running else "stale" if overview.is_stale(substage) else share
    return {
        "label": substage.name, "icon": substage.icon, "status": status, "done": done, "total": total,
        "is_current": substage.key == current,
        "url": url_for("workflow.show", substage=substage.key, post_id=overview.post.id),
    }  # fmt: skip
