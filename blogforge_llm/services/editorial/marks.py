"""The mark that a text is done: a person's word for it, gone with the next text."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.articles import Mark
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, workflow

sql = db.load("editorial/marks")


def list_for(conn: db.Connection, *, post_id: int) -> dict[tuple[int | None, str], Mark]:
    """By section and field key: the texts of the post that are done."""
    return {(row["section_id"], row["field_key"]): Mark(**row) for row in sql.list_done(conn, post_id=post_id)}


def complete(
    conn: db.Connection, *, actor: User, post_id: int, field_key: str, section_id: int | None = None,
    revision_id: int | None,
) -> None:  # fmt: skip
    """Call a text done. Again does nothing. Raises Conflict when it moved on from `revision_id`, or there is none."""
    permissions.require(actor, Permission.WRITE_POSTS)
    fields.lock_live(conn, post_id=post_id, section_id=section_id)
    value = fields.get(conn, post_id=post_id, section_id=section_id, field_key=field_key)
    if not value.is_filled or value.revision is None:
        raise Conflict(f"“{value.field.name}” is empty. Write it first, then call it done.")
    if value.revision.id != revision_id:
        raise Conflict(
            f"“{value.field.name}” was changed meanwhile. Read the new text, then call it done.",
            current=fields.what_is_there(value.revision),
        )
    sql.set_done(conn, post_id=post_id, section_id=section_id, field_id=value.field.id, user_id=actor.id)


def reopen(conn: db.Connection, *, actor: User, post_id: int, field_key: str, section_id: int | None = None) -> None:
    """Take the mark off. Again does nothing."""
    permissions.require(actor, Permission.WRITE_POSTS)
    fields.lock_live(conn, post_id=post_id, section_id=section_id)
    field = workflow.field_at(conn, key=field_key, section_id=section_id)
    sql.clear_done(conn, post_id=post_id, section_id=section_id, field_id=field.id)
