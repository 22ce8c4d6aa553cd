"""Ideas and facts of a post, each with a code that never changes and at most one section. What a model says about them
is allocation.py; moving many at once is board.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Value
from blogforge_llm.records.sections import EventKind, Item, ItemKind, Move, Rewording
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, posts, section_events, sections

sql = db.load("editorial/items")

SOURCES = {"idea_scope": ItemKind.IDEA, "topics_to_cover": ItemKind.IDEA, "interesting_facts": ItemKind.FACT}
MOST = 2_000  # of one post, deleted ones included
_LONGEST = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Source:
    """A list of the post that items can be taken from: how many lines it has, and those that are no item yet."""

    value: Value
    kind: ItemKind
    lines: int
    new: list[str]


def list_for(conn: db.Connection, *, post_id: int) -> list[Item]:
    """Those not deleted: ideas, then facts, by their numbers."""
    return living(list_all(conn, post_id=post_id))


def living(every: Sequence[Item]) -> list[Item]:
    return [item for item in every if item.deleted_at is None]


def list_all(conn: db.Connection, *, post_id: int) -> list[Item]:
    posts.get(conn, post_id=post_id)
    return read(conn, post_id=post_id)


def read(conn: db.Connection, *, post_id: int) -> list[Item]:
    """The same for who knows the post to be there."""
    return [_item(row) for row in sql.list_items(conn, post_id=post_id)]


def get(conn: db.Connection, *, item_id: int) -> Item:
    post_id = sql.find_post_id(conn, item_id=item_id)
    if post_id is None:
        raise NotFound("There is no such idea or fact.")
    return next(item for item in list_all(conn, post_id=post_id) if item.id == item_id)


def sources(conn: db.Connection, *, post_id: int, known: Sequence[Item], values: Mapping[str, Value]) -> list[Source]:
    """`known` are all items of the post: a deleted or reworded one does not come back by being collected again.
    `values` are those of the post, by key."""
    said = {kind: set(_by_words(conn, post_id, kind, known)) for kind in ItemKind}
    return [_source(values[key], kind, said[kind]) for key, kind in SOURCES.items() if key in values]


def collect(conn: db.Connection, *, actor: User, post_id: int, field_keys: Sequence[str]) -> list[Item]:
    """One item for each line of these lists that is none yet. Returns the new ones."""
    permissions.require(actor, Permission.WRITE_POSTS)
    fields.lock_live(conn, post_id=post_id)
    if unknown := [key for key in field_keys if key not in SOURCES]:
        raise Invalid.field("fields", f"Items are taken from {', '.join(SOURCES)}; not from “{unknown[0][:100]}”.")
    values = {value.field.key: value for value in fields.list_values(conn, post_id=post_id)}
    added: list[int] = []
    for key in dict.fromkeys(field_keys):
        known = list_all(conn, post_id=post_id)
        offered = sources(conn, post_id=post_id, known=known, values=values)
        source = next((each for each in offered if each.value.field.key == key), None)
        if source is None:
            raise Conflict(f"The field “{key}” was archived, so nothing is taken from it any more.")
        added += _insert(conn, actor, post_id, known, source.kind, source.new, source.value)
    return [item for item in list_for(conn, post_id=post_id) if item.id in added]


def add(conn: db.Connection, *, actor: User, post_id: int, kind: ItemKind, text: str) -> Item:
    """One by hand."""
    permissions.require(actor, Permission.WRITE_POSTS)
    fields.lock_live(conn, post_id=post_id)
    line = texts.line(text, name="text", label="The idea or fact", max_length=_LONGEST)
    (item_id,) = _insert(conn, actor, post_id, list_all(conn, post_id=post_id), kind, [line], None)
    return get(conn, item_id=item_id)


def add_imported(
    conn: db.Connection, *, actor: User, post_id: int, kind: ItemKind, lines: Sequence[str]
) -> dict[str, Item]:
    """One item for each line, by the line: the one that says or once said so, deleted or not, else a new one in the
    tray."""
    permissions.require(actor, Permission.WRITE_POSTS)
    fields.lock_live(conn, post_id=post_id)
    known = list_all(conn, post_id=post_id)
    there = _by_words(conn, post_id, kind, known)
    new = {_same(line): line[:_LONGEST] for line in reversed(lines) if _same(line) not in there}
    _insert(conn, actor, post_id, known, kind, list(reversed(new.values())), None)
    found = _by_words(conn, post_id, kind, list_all(conn, post_id=post_id))
    return {line: found[_same(line)] for line in lines}


def move(
    conn: db.Connection, *, actor: User, item_id: int, section_id: int | None, base_section_id: int | None
) -> Item:
    """To another section, or to the tray. Raises Conflict when it is no longer in `base_section_id`."""
    permissions.require(actor, Permission.WRITE_POSTS)
    post_id = get(conn, item_id=item_id).post_id
    found = sections.lock(conn, post_id=post_id, version=None)
    item = get(conn, item_id=item_id)
    if item.section_id == section_id:
        return item
    if item.deleted_at is not None:
        raise Conflict(f"{item.code} was deleted. Restore it first.")
    if item.section_id != base_section_id:
        where = f"in {found.get(item.section_id).name}" if item.section_id is not None else "not allocated"
        current = {"section_id": item.section_id}
        raise Conflict(
            f"Somebody moved {item.code} meanwhile: it is {where} now. Nothing was changed.", current=current
        )
    place = found.get(section_id).code if section_id is not None else "the tray"
    section_events.record(
        conn, actor=actor, post_id=post_id, kind=EventKind.MOVED, before=found.order, after=found.order,
        moves=[Move(item_id, item.section_id, section_id)], summary=f"Moved {item.code} to {place}",
    )  # fmt: skip
    return get(conn, item_id=item_id)


def reword(conn: db.Connection, *, actor: User, item_id: int, text: str, base_text: str) -> Item:
    """The same idea or fact in other words: its code and its section stay, and what was written from it is stale.
    Raises Conflict when it no longer says `base_text`."""
    permissions.require(actor, Permission.WRITE_POSTS)
    found = sections.lock(conn, post_id=get(conn, item_id=item_id).post_id, version=None)
    item = get(conn, item_id=item_id)
    if item.deleted_at is not None:
        raise Conflict(f"{item.code} was put away. Restore it first.")
    line = texts.line(text, name="text", label="The idea or fact", max_length=_LONGEST)
    if item.text == line:
        return item
    base = base_text.replace("\r\n", "\n")  # as browsers send it
    if not sql.reword(conn, item_id=item_id, base_text=base, text=line):
        raise Conflict(
            f"Somebody reworded {item.code} meanwhile. Nothing was changed: it says “{item.text}” now.",
            current={"text": item.text},
        )
    section_events.record(
        conn, actor=actor, post_id=item.post_id, kind=EventKind.REWORDED, before=found.order, after=found.order,
        rewordings=[Rewording(item_id, item.text, line)], summary=f"Reworded {item.code}",
    )  # fmt: skip
    return get(conn, item_id=item_id)


def delete(conn: db.Connection, *, actor: User, item_id: int) -> Item:
    """Put it away. Again does nothing."""
    return _set_deleted(conn, actor, item_id, is_deleted=True)


def restore(conn: db.Connection, *, actor: User, item_id: int) -> Item:
    return _set_deleted(conn, actor, item_id, is_deleted=False)


def _set_deleted(conn: db.Connection, actor: User, item_id: int, *, is_deleted: bool) -> Item:
    permissions.require(actor, Permission.WRITE_POSTS)
    fields.lock_live(conn, post_id=get(conn, item_id=item_id).post_id)
    sql.set_deleted(conn, item_id=item_id, is_deleted=is_deleted)
    return get(conn, item_id=item_id)


def _by_words(conn: db.Connection, post_id: int, kind: ItemKind, known: Sequence[Item]) -> dict[str, Item]:
    """The items by what they say, and by what they said unless another one says that now."""
    own = {item.id: item for item in known if item.kind == kind}
    rows = sql.list_former_words(conn, post_id=post_id)
    former = {_same(row["text"]): own[row["item_id"]] for row in rows if row["item_id"] in own}
    return former | {_same(item.text): item for item in own.values()}


def _source(value: Value, kind: ItemKind, said: Set[str]) -> Source:
    lines = [line.strip() for line in value.text.split("\n") if line.strip()]
    new: dict[str, str] = {}
    for line in lines:
        if _same(line) not in said:
            new.setdefault(_same(line), line[:_LONGEST])
    return Source(value, kind, len(lines), list(new.values()))


def _same(text: str) -> str:
    """Equal for lines that say the same: case and blanks do not count."""
    return " ".join(text[:_LONGEST].casefold().split())


def _insert(
    conn: db.Connection, actor: User, post_id: int, known: Sequence[Item], kind: ItemKind, lines: Sequence[str],
    origin: Value | None,
) -> list[int]:  # fmt: skip
    if len(known) + len(lines) > MOST:
        raise Conflict(f"A post has at most {MOST:,} ideas and facts, deleted ones included.")
    rows = sql.create_items(
        conn, post_id=post_id, kind=kind, texts=list(lines), field_id=origin.field.id if origin else None,
        revision_id=origin.revision.id if origin and origin.revision else None, user_id=actor.id,
    )  # fmt: skip
    return [row["id"] for row in rows]


def _item(row: dict[str, Any]) -> Item:
    return Item(**{**row, "kind": ItemKind(row["kind"])})
