"""Posts: created from an idea, listed, found, deleted and restored. What is written in them is in fields.py."""

from __future__ import annotations

import re
from datetime import datetime

from psycopg.errors import UniqueViolation

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Post, PostRow, StageShare
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, staleness, titles, workflow

sql = db.load("editorial/posts")

IDEA_FIELD = "idea_seed"
_NEWEST = ("infinity", 2**63 - 1)
_ROW_FIELDS = ("words", "stages")


def create(conn: db.Connection, *, actor: User, idea: str) -> Post:
    """A post whose first field is the idea. Raises Invalid when there is none."""
    permissions.require(actor, Permission.WRITE_POSTS)
    field = workflow.get_field(conn, key=IDEA_FIELD)
    try:
        idea = fields.tidy(field, idea)
    except Invalid as error:
        raise Invalid.field("idea", str(error)) from error
    if not idea.strip():
        raise Invalid.field("idea", "Write down the idea first: a few words are enough.")
    title = titles.from_text(idea)
    post_id = insert(conn, slug=titles.slug(title), title=title, actor=actor)
    fields.save(conn, actor=actor, post_id=post_id, field_key=IDEA_FIELD, text=idea, base_revision_id=None)
    return get(conn, post_id=post_id)


def get(conn: db.Connection, *, post_id: int) -> Post:
    """The post, deleted or not."""
    row = sql.get_post(conn, post_id=post_id)
    if row is None:
        raise NotFound("There is no such post.")
    return Post(**row)


def lock(conn: db.Connection, *, post_id: int) -> None:
    """Make other writers of this post wait; a deleted one too."""
    if sql.lock_post(conn, post_id=post_id) is None:
        raise NotFound("There is no such post.")


def list_posts(
    conn: db.Connection,
    *,
    query: str = "",
    is_deleted: bool = False,
    before: tuple[str, int] | None = None,
    offset: int = 0,
    limit: int = 30,
) -> list[PostRow]:
    """The last touched first, below `before`; with `query` those whose title has all its words or their beginnings."""
    at, post_id = before or _NEWEST
    place = {"before_at": at, "before_id": post_id, "limit": limit, "offset": offset}
    post_ids = _page(conn, query, is_deleted, place)
    stale = staleness.count_for(conn, post_ids=post_ids)
    return [_row(row, stale.get(row["id"], 0)) for row in sql.list_posts(conn, post_ids=post_ids)]


def list_titles(conn: db.Connection, *, query: str = "", limit: int = 30) -> list[tuple[int, str]]:
    """Id and title of those that list_posts has, for choosing one."""
    place = {"before_at": _NEWEST[0], "before_id": _NEWEST[1], "limit": limit, "offset": 0}
    rows = sql.list_titles(conn, post_ids=_page(conn, query, False, place))
    return [(row["id"], row["title"]) for row in rows]


def count(conn: db.Connection, *, query: str = "", is_deleted: bool = False) -> int:
    words = _words(query)
    number: int
    if is_deleted:
        number = sql.count_deleted_posts(conn)
    elif words:
        number = sql.count_found_posts(conn, words=words)
    else:
        number = sql.count_posts(conn) if not query.strip() else 0
    return number


def mark(row: PostRow, *, is_deleted: bool = False) -> str:
    """Where the next page begins after this row; read_mark takes it back."""
    at = row.post.deleted_at if is_deleted and row.post.deleted_at else row.post.updated_at
    return f"{at.isoformat()}~{row.post.id}"


def read_mark(text: str) -> tuple[str, int] | None:
    """None for an empty mark. Raises Invalid for one that is not ours."""
    if not text:
        return None
    at, _, post_id = text.partition("~")
    try:
        place = datetime.fromisoformat(at).isoformat(), int(post_id)
    except ValueError:
        raise Invalid.field("before", "This page of the list does not exist. Start at its beginning.") from None
    if not 0 < place[1] < 2**63:
        raise Invalid.field("before", "This page of the list does not exist. Start at its beginning.")
    return place


def delete(conn: db.Connection, *, actor: User, post_id: int) -> Post:
    """Put it away; nothing in it is lost, and nothing happens when it is deleted already."""
    permissions.require(actor, Permission.WRITE_POSTS)
    sql.delete_post(conn, post_id=post_id, user_id=actor.id)
    return get(conn, post_id=post_id)


def restore(conn: db.Connection, *, actor: User, post_id: int) -> Post:
    permissions.require(actor, Permission.WRITE_POSTS)
    sql.restore_post(conn, post_id=post_id, user_id=actor.id)
    return get(conn, post_id=post_id)


def insert(conn: db.Connection, *, slug: str, title: str, actor: User) -> int:
    """A row with nothing in it yet. Try the slug, then it with a number; of two posts made at once one tries again."""
    wanted = slug
    for _ in range(20):
        try:
            with conn.transaction():
                post_id: int = sql.create_post(conn, slug=wanted, title=title, user_id=actor.id)
            return post_id
        except UniqueViolation as error:
            if error.diag.constraint_name != "posts_slug_key":
                raise
            wanted = f"{slug}-{sql.get_free_number(conn, slug=slug)}"
    raise Unfit("Too many posts of this name are being made at once. Try again.")


def _page(conn: db.Connection, query: str, is_deleted: bool, place: dict[str, object]) -> list[int]:
    words = _words(query)
    if is_deleted:
        ids = sql.page_deleted_posts(conn, **place)
    elif words:
        ids = sql.page_found_posts(conn, words=words, **place)
    else:
        ids = sql.page_posts(conn, **place) if not query.strip() else []
    return [row["id"] for row in ids]


def _words(query: str) -> str:
    """A tsquery of word beginnings; only letters and digits reach it, so it is always well formed."""
    return " & ".join(f"'{word}':*" for word in re.findall(r"[^\W_]+", query)[:20])


def _row(row: dict[str, object], stale: int) -> PostRow:
    post = Post(**{name: value for name, value in row.items() if name not in _ROW_FIELDS})  # type: ignore[arg-type]
    stages = [StageShare(**stage) for stage in row["stages"]]  # type: ignore[attr-defined]
    return PostRow(post, row["words"], stages, stale)  # type: ignore[arg-type]
