"""Which texts are stale: made from a text that says something else by now. It follows from rows, see the view
stale_sources; nothing is marked. What a suggestion was made from is noted when it is asked for (suggestions.sql).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.staleness import Stale, StaleSource
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, workflow

sql = db.load("editorial/staleness")


def list_for(conn: db.Connection, *, post_id: int) -> Stale:
    """Every stale text of the post and its sections, with what changed."""
    return of_rows(sql.list_stale(conn, post_id=post_id))


def of_rows(rows: Iterable[Mapping[str, Any]]) -> Stale:
    found: Stale = {}
    for row in rows:
        source = StaleSource(**row)
        found.setdefault((source.section_id, source.field_key), []).append(source)
    return found


def count_for(conn: db.Connection, *, post_ids: Sequence[int]) -> dict[int, int]:
    """How many texts of each post are stale; posts without one are left out."""
    return {row["post_id"]: row["stale"] for row in sql.count_stale(conn, post_ids=list(post_ids))}


def dismiss(conn: db.Connection, *, actor: User, post_id: int, field_key: str, section_id: int | None = None) -> int:
    """Keep the text as it is although its sources changed. It is stale again once one of them changes to yet another
    text; autosaves of the same sitting are not another one. Returns how many sources were stale."""
    permissions.require(actor, Permission.WRITE_POSTS)
    field = workflow.field_at(conn, key=field_key, section_id=section_id)
    fields.lock_live(conn, post_id=post_id, section_id=section_id)
    kept: int = sql.keep(conn, post_id=post_id, section_id=section_id, field_id=field.id, user_id=actor.id)
    return kept
