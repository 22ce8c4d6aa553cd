"""Posts of the original with their development: title, texts of the fields, whether they were deleted. Their sections
are sections.py.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.services.editorial import posts, titles
from blogforge_llm.services.legacy import fields, rows, sections, values
from blogforge_llm.services.legacy.fields import Spot
from blogforge_llm.services.legacy.rows import Run, Taking
from blogforge_llm.services.legacy.source import Row, digest

sql = db.load("legacy/posts")

CHILDREN = ("post_development", "post_section", "post_section_elements")

_SAME = (  # columns of post_development whose texts have a field of the same name
    "idea_scope", "section_headings", "section_order", "main_title", "subtitle", "intro_blurb", "conclusion", "tags",
    "categories", "image_captions", "self_review", "peer_review", "final_check", "seo_optimization", "tartans_products",
    "scheduling", "deployment", "verification", "feedback_collection", "content_updates", "version_control",
    "platform_selection", "content_adaptation", "distribution", "engagement_tracking", "idea_seed",
)  # fmt: skip
_FIELDS: dict[str, tuple[str, ...]] = {key: (key,) for key in _SAME} | {
    "basic_idea": ("expanded_idea", "basic_idea"),
    "topics_to_cover": ("concepts", "topics_to_cover"),
    "interesting_facts": ("facts", "interesting_facts"),
    "section_planning": ("outline", "section_planning"),
    "basic_metadata": ("summary", "basic_metadata"),
}
_OF_POST = {"idea_seed": "idea_seed", "subtitle": "subtitle", "basic_metadata": "summary", "main_title": "title"}
_CUT = ("...", "…")


@dataclass(frozen=True, slots=True)
class Batch:
    """Posts with the rows that belong to them, by table and by the post's id in the source."""

    posts: Sequence[Row]
    children: Mapping[str, Mapping[str, Sequence[Row]]]

    def of(self, table: str, post: Row) -> Sequence[Row]:
        return self.children[table].get(str(post.data.get("id")), ())


def take(conn: db.Connection, run: Run, batch: Batch) -> None:
    """All of a batch, each post with what belongs to it."""
    for row in batch.posts:
        known = rows.find(conn, run, "post", row.id)
        development = batch.of("post_development", row)
        taking = rows.take(conn, run, "post", row, functools.partial(_post, development=development))
        if taking.noun_id is None:
            _leave_out_all(conn, run, batch, row)
            continue
        for place, child in enumerate(development):
            _take_development(conn, run, taking, child, is_second=place > 0)
        sections.take(conn, run, taking.noun_id, batch.of("post_section", row), batch.of("post_section_elements", row))
        _finish(taking, is_new=known is None)


def _post(taking: Taking, development: Sequence[Row]) -> None:
    conn, actor = taking.conn, taking.run.actor
    title = values.name_of(taking.get("title"), "")
    if taking.before is None or taking.before.noun_id is None:
        name = titles.from_text(title) or "Untitled"
        wanted = titles.slug(values.name_of(taking.get("slug"), "") or name)
        post_id = posts.insert(conn, slug=wanted, title=name, actor=actor)
        slug = posts.get(conn, post_id=post_id).slug
        if slug != taking.get("slug"):
            taking.change(f"its slug is {slug} here")
    else:
        post_id = taking.before.noun_id
        deleted = taking.known.get("deleted")
        if deleted and deleted.hash == digest(True) and not _is_deleted(taking):
            posts.restore(conn, actor=actor, post_id=post_id)
    taking.became("post", post_id)
    _tell_status(taking)
    _write_own(taking, post_id, title, development[0] if development else None)
    taking.tell_rest(
        ("title", "slug", "published", "deleted", "status", "published_at", "substage_id", *_OF_POST.values())
    )


def _write_own(taking: Taking, post_id: int, title: str, development: Row | None) -> None:
    """What stands on the post itself, where its development says nothing else."""
    for key, column in _OF_POST.items():
        text = values.text_of(taking.get(column)).text
        if not text or (key == "main_title" and text.endswith(_CUT)):
            continue  # a cut title is the beginning of the idea, and nobody's words
        there = values.text_of(development.data.get(key)).text if development else ""
        if not there:
            fields.write(taking, Spot(post_id, key), (column,))
        elif there != text and key != "main_title":
            taking.change(f"{column}: the development says something else, which is taken")
    if "idea_seed" not in taking.row.data and development is not None and "idea_seed" not in development.data:
        seed = values.text_of(development.data.get("basic_idea")).text  # V0 kept the seed there
        if seed:
            fields.write_text(taking, Spot(post_id, "idea_seed"), seed, ())


def _tell_status(taking: Taking) -> None:
    status = values.text_of(taking.get("status")).text
    if values.is_true(taking.get("published")):
        status = "published"
    if status not in ("", "draft", "deleted", "in_process"):
        taking.change(f"its status was “{status[:40]}”: what is published is not kept here")


def _take_development(conn: db.Connection, run: Run, post: Taking, row: Row, *, is_second: bool) -> None:
    def write(taking: Taking) -> None:
        if is_second:
            taking.conflict("the post has another development, which was taken. Compare the two.")
            return
        taking.became("post", int(post.noun_id or 0))
        for key, columns in _FIELDS.items():
            fields.write(taking, Spot(int(post.noun_id or 0), key), columns)
        chosen = values.text_of(taking.get("provisional_title_primary")).text
        title = "provisional_title_primary" if chosen else "provisional_title"
        fields.write(taking, Spot(int(post.noun_id or 0), "provisional_title"), (title,))
        taking.tell_rest(("post_id", title, *(column for columns in _FIELDS.values() for column in columns)))

    rows.take(conn, run, "post_development", row, write)


def _is_deleted(taking: Taking) -> bool:
    return values.is_true(taking.get("deleted")) or str(taking.get("status") or "").lower() == "deleted"


def _finish(taking: Taking, *, is_new: bool) -> None:
    """Once its texts are there: deleted if it was, and of the age it had."""
    post_id = int(taking.noun_id or 0)
    before, is_deleted = taking.known.get("deleted"), _is_deleted(taking)
    if is_deleted and (is_new or (before is not None and before.hash == digest(False))):
        posts.delete(taking.conn, actor=taking.run.actor, post_id=post_id)
    if before is None or before.hash != digest(is_deleted):
        rows.remember_place(taking, "deleted", "post", post_id, digest(is_deleted))
    if is_new:
        sql.set_times(
            taking.conn, post_id=post_id, created_at=values.moment(taking.get("created_at")),
            updated_at=values.moment(taking.get("updated_at") or taking.get("created_at")),
        )  # fmt: skip


def _leave_out_all(conn: db.Connection, run: Run, batch: Batch, post: Row) -> None:
    for table in CHILDREN:
        for row in batch.of(table, post):
            rows.leave_out(conn, run, table, row, f"its post {post.id} was not imported")
