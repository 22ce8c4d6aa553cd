"""What a post and its sections have in their fields, and the one way to write it: compare-and-set against the newest
revision.

Older values are in revisions.py, values offered by models in suggestions.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Field, FieldKind, Origin, Revision, Scope, Value
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import limits, titles, workflow

sql = db.load("editorial/fields")
posts_sql = db.load("editorial/posts")
revisions_sql = db.load("editorial/revisions")

_UNLIMITED = (Origin.RESTORED, Origin.IMPORTED)  # what was written before is not refused for a limit that came later


def list_values(conn: db.Connection, *, post_id: int, section_id: int | None = None) -> list[Value]:
    """Every field of the post, or of one of its sections, filled or not, in the order of the workflow."""
    return [value for value in list_every_value(conn, post_id=post_id, section_id=section_id) if value.field.is_living]


def list_archived(conn: db.Connection, *, post_id: int, section_id: int | None = None) -> list[Value]:
    """What is written in fields that are archived."""
    every = list_every_value(conn, post_id=post_id, section_id=section_id)
    return [value for value in every if is_put_away(value)]


def is_put_away(value: Value) -> bool:
    """A text in an archived field."""
    return value.is_filled and not value.field.is_living


def list_every_value(conn: db.Connection, *, post_id: int, section_id: int | None = None) -> list[Value]:
    """Of archived fields too."""
    _require_place(conn, post_id, section_id)
    return read(conn, workflow.list_every_field(conn), post_id=post_id, section_id=section_id)


def read(conn: db.Connection, every: Sequence[Field], *, post_id: int, section_id: int | None = None) -> list[Value]:
    """The same for who knows the place to be there, and has the workflow's fields already."""
    rows = revisions_sql.list_current(conn, post_id=post_id, section_id=section_id)
    return values_of(every, rows, section_id=section_id)


def values_of(
    every: Sequence[Field], rows: Iterable[Mapping[str, Any]], *, section_id: int | None = None
) -> list[Value]:
    """The fields of the post, or of the section, with what the rows say of them."""
    scope = Scope.POST if section_id is None else Scope.SECTION
    current = {row["field_id"]: Revision(**row) for row in rows}
    return [Value(field, current.get(field.id), section_id) for field in every if field.scope == scope]


def read_one(conn: db.Connection, field: Field, *, post_id: int) -> Value:
    """One of the post's own, or of its board."""
    return Value(field, _current(conn, post_id, None, field), None)


def get(conn: db.Connection, *, post_id: int, field_key: str, section_id: int | None = None) -> Value:
    field = workflow.field_at(conn, key=field_key, section_id=section_id)
    _require_place(conn, post_id, section_id)
    return Value(field, _current(conn, post_id, section_id, field), section_id)


def save(
    conn: db.Connection,
    *,
    actor: User,
    post_id: int,
    field_key: str,
    section_id: int | None = None,
    text: str,
    base_revision_id: int | None,
    is_autosave: bool = False,
    origin: Origin = Origin.TYPED,
    suggestion_id: int | None = None,
    restored_from_id: int | None = None,
) -> Revision | None:
    """Write `text` over the revision it was made from; the same text again changes nothing, whatever the base.

    Returns the field's newest revision, None while nothing was ever written. Raises Invalid for a text beyond the
    field's limits (limits.py), Conflict for an archived field and when the field moved on; then
    its `current` is {revision, text, by, at}. An autosave takes the place of the one before it, see _folded.
    """
    permissions.require(actor, Permission.WRITE_POSTS)
    field = workflow.field_at(conn, key=field_key, section_id=section_id)
    raw = _clean(field, text)
    text = shaped(field, raw)
    lock_live(conn, post_id=post_id, section_id=section_id)
    current = _current(conn, post_id, section_id, field)
    before = current.text if current else ""
    if before in (text, raw):  # the same again, be it of a kind that the field no longer has
        return current
    workflow.require_living(field)
    _compare(current, base_revision_id, field)
    if origin not in _UNLIMITED:
        limits.require(field, text, before=before)
    folded = _folded(conn, current, actor) if is_autosave else None
    revision_id = revisions_sql.create_revision(
        conn,
        post_id=post_id,
        section_id=section_id,
        field_id=field.id,
        base_revision_id=folded.base_revision_id if folded else base_revision_id,
        text=text,
        origin=origin,
        user_id=actor.id,
        suggestion_id=suggestion_id,
        restored_from_id=restored_from_id,
        is_autosave=is_autosave,
        started_at=folded.started_at if folded else None,
    )
    sql.set_value(conn, post_id=post_id, section_id=section_id, field_id=field.id, revision_id=revision_id)
    if folded:
        revisions_sql.delete_revision(conn, revision_id=folded.id)
    touch(conn, actor=actor, post_id=post_id)
    return Revision(**revisions_sql.get_revision(conn, revision_id=revision_id))


def tidy(field: Field, text: str) -> str:
    """The text as the field keeps it. Raises Invalid for what it cannot take."""
    text = shaped(field, _clean(field, text))
    limits.require(field, text)
    return text


def _clean(field: Field, text: str) -> str:
    return texts.clean(text, name="text", label=field.name, max_length=limits.MOST_CHARACTERS)


def shaped(field: Field, text: str) -> str:
    """The text in the form of the field's kind: lines joined for a line, blank lines left out of a list."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if field.kind == FieldKind.LINE:
        return " ".join(text.split("\n")).strip()
    if field.kind == FieldKind.LIST:
        return "\n".join(item.strip() for item in text.split("\n") if item.strip())
    return text


def lock_live(conn: db.Connection, *, post_id: int, section_id: int | None = None) -> str:
    """Make other writers of this post wait. Returns its title. Raises NotFound, and Conflict for a deleted post or
    section."""
    post = posts_sql.lock_post(conn, post_id=post_id)
    if post is None:
        raise NotFound("There is no such post.")
    if post["deleted_at"] is not None:
        raise Conflict("This post was deleted. Restore it to go on writing.")
    if section_id is not None:
        section = _section(conn, post_id, section_id)
        if section["deleted_at"] is not None:
            raise Conflict(f"Section {section['code']} was deleted. Restore it to go on writing.")
    title: str = post["title"]
    return title


def _require_place(conn: db.Connection, post_id: int, section_id: int | None) -> None:
    if posts_sql.get_post(conn, post_id=post_id) is None:
        raise NotFound("There is no such post.")
    if section_id is not None:
        _section(conn, post_id, section_id)


def _section(conn: db.Connection, post_id: int, section_id: int) -> dict[str, Any]:
    row: dict[str, Any] | None = sql.get_section(conn, post_id=post_id, section_id=section_id)
    if row is None:
        raise NotFound("The post has no such section.")
    return row


def _current(conn: db.Connection, post_id: int, section_id: int | None, field: Field) -> Revision | None:
    """The newest revision; for a writer, who has locked the post, as nobody else can change it now."""
    revision_id = sql.get_current_id(conn, post_id=post_id, section_id=section_id, field_id=field.id)
    return None if revision_id is None else Revision(**revisions_sql.get_revision(conn, revision_id=revision_id))


def what_is_there(current: Revision | None) -> dict[str, Any]:
    """A field's newest revision as whoever wrote over an older one is told of it."""
    if current is None:
        return {"revision": None, "text": "", "by": None, "at": None}
    at = current.created_at.isoformat()
    return {"revision": current.id, "text": current.text, "by": current.user_name, "at": at}


def _compare(current: Revision | None, base_revision_id: int | None, field: Field) -> None:
    if (current.id if current else None) == base_revision_id:
        return
    by = (current.user_name if current else None) or "Somebody"
    raise Conflict(
        f"{by} changed “{field.name}” meanwhile, so nothing was overwritten. Compare the two texts and save again.",
        current=what_is_there(current),
    )


def _folded(conn: db.Connection, current: Revision | None, actor: User) -> Revision | None:
    """The autosave whose place the next one takes: the same person's, within 10 minutes, and nothing refers to it.

    The place is taken under a new id, so that a tab which knows only an older one cannot overwrite it unseen.
    """
    if current is None or not current.is_autosave or current.user_id != actor.id:
        return None
    return current if sql.is_foldable(conn, revision_id=current.id) else None


def touch(conn: db.Connection, *, actor: User, post_id: int) -> None:
    """The post was written to: who and when, and its title if a field that names it is filled."""
    source = posts_sql.get_title_source(conn, post_id=post_id)
    title = titles.from_text(source) if source else posts_sql.get_post(conn, post_id=post_id)["title"]
    posts_sql.touch_post(conn, post_id=post_id, user_id=actor.id, title=title)
