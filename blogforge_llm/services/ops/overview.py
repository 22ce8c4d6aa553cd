"""The overview of the LLM area: what there is, what runs, and what is missing before an editor can begin."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.ops import Overview
from blogforge_llm.services.accounts import permissions

sql = db.load("ops/overview")


def get(conn: db.Connection, *, actor: User) -> Overview:
    permissions.require(actor, Permission.READ)
    found = sql.get_overview(conn)
    return Overview(**found, has_actions=found["actions"] > 0)
