"""What the tests of sections share: a post with three sections, and ways to look at it."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post, Revision
from blogforge_llm.records.sections import Section
from blogforge_llm.services.editorial import fields, posts, sections


def make_post(conn: db.Connection, actor: User, *headings: str) -> Post:
    post = posts.create(conn, actor=actor, idea="kilts for weddings")
    for heading in headings:
        sections.add(conn, actor=actor, post_id=post.id, heading=heading)
    return post


def outline(conn: db.Connection, post: Post) -> sections.Outline:
    return sections.outline(conn, post_id=post.id)


def headings(conn: db.Connection, post: Post) -> list[str]:
    return [section.heading for section in outline(conn, post).living]


def find(conn: db.Connection, post: Post, heading: str) -> Section:
    found = outline(conn, post)
    return next(section for section in found.living + found.deleted if section.heading == heading)


def text_of(conn: db.Connection, section: Section, key: str = "section_draft") -> str:
    return fields.get(conn, post_id=section.post_id, section_id=section.id, field_key=key).text


def write(conn: db.Connection, actor: User, section: Section, text: str, key: str = "section_draft") -> Revision | None:
    """Over whatever is there."""
    place = {"post_id": section.post_id, "section_id": section.id, "field_key": key}
    current = fields.get(conn, **place).revision
    return fields.save(conn, actor=actor, **place, text=text, base_revision_id=current.id if current else None)


def write_post(conn: db.Connection, actor: User, post: Post, key: str, text: str) -> Revision | None:
    current = fields.get(conn, post_id=post.id, field_key=key).revision
    return fields.save(
        conn, actor=actor, post_id=post.id, field_key=key, text=text, base_revision_id=current.id if current else None
    )
