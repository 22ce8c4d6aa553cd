"""The overview of the LLM area: what there is, what runs, and what is missing before an editor can begin."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.ops import Overview
from blogforge_llm.services.accounts import permissions

sql = db.load("ops/overview")


def get(conn: db.Connection, *, actor: User) -> Overview:
    permissions.require(actor, Permission.READ)
    counts = sql.get_counts(conn)
    unfinished = {row["status"]: row["count"] for row in sql.list_unfinished_counts(conn)}
    return Overview(
        **counts,
        tasks_queued=unfinished.get("queued", 0),
        tasks_running=unfinished.get("running", 0),
        has_default_models=sql.has_default_models(conn),
        has_actions=counts["actions"] > 0,
        has_posts=sql.has_posts(conn),
        has_tasks=sql.has_tasks(conn),
    )
