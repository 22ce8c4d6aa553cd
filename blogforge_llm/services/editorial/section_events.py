"""Everything done to the order of a post's sections and to their items goes through `record`, which keeps what it takes
to undo it. What can be done is in sections.py, section_joints.py, headings.py and items.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records import sections as records
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.sections import Event, EventKind, Move, Rewording, TextChange
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, posts, revisions

sql = db.load("editorial/section_events")
sections_sql = db.load("editorial/sections")
items_sql = db.load("editorial/items")

_NEWEST = 2**63 - 1


def record(
    conn: db.Connection,
    *,
    actor: User,
    post_id: int,
    kind: EventKind,
    summary: str,
    before: Sequence[int],
    after: Sequence[int],
    moves: Sequence[Move] = (),
    texts: Sequence[TextChange] = (),
    rewordings: Sequence[Rewording] = (),
    is_arranged: bool = False,
) -> int:
    """Bring the sections into the order `after` (unless they are), move the items, and remember both with the texts
    that were written for it, those of items too. The caller has locked the post. Returns the event's id."""
    if not is_arranged:
        arrange(conn, post_id=post_id, before=before, after=after)
    if moves:
        ids, targets = [move.item for move in moves], [move.target for move in moves]
        sql.move_items(conn, post_id=post_id, item_ids=ids, section_ids=targets)
    event_id: int = sql.create_event(
        conn, post_id=post_id, kind=kind, summary=summary, order_before=list(before), order_after=list(after),
        moves=Jsonb([move.as_row() for move in moves]), texts=Jsonb([*map(asdict, texts)]),
        rewordings=Jsonb([*map(asdict, rewordings)]), user_id=actor.id,
    )  # fmt: skip
    fields.touch(conn, actor=actor, post_id=post_id)
    return event_id


def arrange(conn: db.Connection, *, post_id: int, before: Sequence[int], after: Sequence[int]) -> None:
    """Exactly these live, in this order. Texts are not touched."""
    if list(before) == list(after):
        return
    sections_sql.arrange(conn, post_id=post_id, section_ids=list(after))
    sections_sql.raise_version(conn, post_id=post_id)


def list_for(conn: db.Connection, *, post_id: int, before_id: int | None = None, limit: int = 50) -> list[Event]:
    """The newest first, below `before_id`."""
    posts.get(conn, post_id=post_id)
    before = _NEWEST if before_id is None else before_id
    return [records.event(row) for row in sql.list_events(conn, post_id=post_id, before_id=before, limit=limit)]


def find_undoable(conn: db.Connection, *, post_id: int) -> Event | None:
    """What undo would undo: the last thing done that is not undone yet."""
    row = sql.get_undoable(conn, post_id=post_id)
    return None if row is None else records.event(row)


def undo(conn: db.Connection, *, actor: User, post_id: int, event_id: int) -> Event:
    """Take back the last thing done. Raises Conflict when something was done after it, or a text it wrote was changed
    since; then nothing is changed."""
    permissions.require(actor, Permission.WRITE_POSTS)
    fields.lock_live(conn, post_id=post_id)
    event = find_undoable(conn, post_id=post_id)
    if event is None or event.id != event_id:
        raise Conflict("Something else was done to the sections meanwhile. Look at them again, then undo that first.")
    arrange(conn, post_id=post_id, before=event.order_after, after=event.order_before)
    for text in event.texts:
        _take_back(conn, actor, post_id, text)
    for each in event.rewordings:
        if not items_sql.reword(conn, item_id=each.item, base_text=each.after, text=each.before):
            raise Conflict("Somebody chose yet other words meanwhile, so this cannot be undone. Reword it instead.")
    back = [Move(move.item, move.target, move.source) for move in event.moves]
    undone_by = record(
        conn, actor=actor, post_id=post_id, kind=EventKind.UNDONE, summary=f"Undone: {event.summary}",
        before=event.order_before, after=event.order_before, moves=back,
    )  # fmt: skip
    sql.set_undone(conn, event_id=event.id, undone_by_id=undone_by)
    return event


def _take_back(conn: db.Connection, actor: User, post_id: int, text: TextChange) -> None:
    try:
        revisions.restore(
            conn, actor=actor, post_id=post_id, section_id=text.section, field_key=text.field,
            revision_id=text.before, base_revision_id=text.after,
        )  # fmt: skip
    except Conflict as error:
        raise Conflict(
            "A text that this wrote was changed since, so it cannot be undone as a whole. The older texts are in the "
            "histories of the section's fields, and deleted sections can be restored."
        ) from error
