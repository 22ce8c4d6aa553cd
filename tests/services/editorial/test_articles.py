"""The whole article: how far each block is, what readers get, and what differs between two moments."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import articles, marks, sections
from tests import factories
from tests.services.editorial.asking import let_in, make_action, make_route
from tests.services.editorial.structure import find, make_post, write, write_post


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return make_post(conn, alice, "Origins", "Tartans")


def blocks(conn, post):
    article = articles.overview(conn, post_id=post.id)
    return {(each.section_id, each.field_key): each for own in article.blocks.values() for each in own}


def status(conn, post, key, section=None):
    return blocks(conn, post)[section.id if section else None, key].status


def test_a_block_is_empty_suggested_edited_stale_or_done(conn, ada, alice, post):
    make_action(conn, ada, "A title for {{ basic_idea }}", "provisional_title")
    model = make_route(conn)
    assert status(conn, post, "basic_idea") == "empty"
    factories.make_suggestion(conn, post=post, actor=alice)
    assert status(conn, post, "basic_idea") == "suggested"
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    title = let_in(conn, alice, post, model, "On kilts", field_key="provisional_title")
    assert status(conn, post, "provisional_title") == "edited"
    place = {"post_id": post.id, "field_key": "provisional_title"}
    marks.complete(conn, actor=alice, **place, revision_id=title.id)
    assert status(conn, post, "provisional_title") == "done"
    write_post(conn, alice, post, "basic_idea", "Hats.")
    assert status(conn, post, "provisional_title") == "stale"
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    marks.reopen(conn, actor=alice, **place)
    assert status(conn, post, "provisional_title") == "edited"


def test_done_is_said_of_one_text_and_not_of_the_next(conn, alice, bob, post):
    first = write_post(conn, alice, post, "conclusion", "The end.")
    place = {"post_id": post.id, "field_key": "conclusion"}
    marks.complete(conn, actor=alice, **place, revision_id=first.id)
    assert articles.overview(conn, post_id=post.id).counts["done"] == 1
    write_post(conn, bob, post, "conclusion", "The very end.")
    assert status(conn, post, "conclusion") == "edited"
    with pytest.raises(Conflict, match="changed meanwhile"):
        marks.complete(conn, actor=alice, **place, revision_id=first.id)
    with pytest.raises(Conflict, match="empty"):
        marks.complete(conn, actor=alice, post_id=post.id, field_key="subtitle", revision_id=None)


def test_a_section_counts_by_the_text_readers_see(conn, alice, post):
    origins = find(conn, post, "Origins")
    assert articles.overview(conn, post_id=post.id).counts == {"done": 0, "drafted": 1, "empty": 33}
    write(conn, alice, origins, "A draft.")
    assert status(conn, post, "section_draft", origins) == "edited"
    text = write(conn, alice, origins, "A text.", "section_text")
    marks.complete(
        conn, actor=alice, post_id=post.id, section_id=origins.id, field_key="section_text", revision_id=text.id
    )
    block = blocks(conn, post)[origins.id, "section_text"]
    assert (block.status, block.excerpt, block.words, block.written_by_name) == ("done", "A text.", 2, "Alice")


def test_readers_get_the_parts_in_order_and_the_polished_text_before_the_draft(conn, alice, post):
    origins, tartans = find(conn, post, "Origins"), find(conn, post, "Tartans")
    for key, text in (("main_title", "All kilts"), ("intro_blurb", "Hello."), ("conclusion", "Bye.")):
        write_post(conn, alice, post, key, text)
    write(conn, alice, origins, "A draft.")
    write(conn, alice, tartans, "A draft.")
    write(conn, alice, tartans, "A text.", "section_text")
    write(conn, alice, tartans, "Red and green", "section_caption")
    order = [tartans.id, origins.id]
    sections.reorder(
        conn, actor=alice, post_id=post.id, order=order, version=sections.outline(conn, post_id=post.id).version
    )
    reading = articles.read(conn, post_id=post.id)
    assert (reading.title, reading.missing) == ("All kilts", [])
    assert [(each.heading, each.text, each.caption) for each in reading.passages] == [
        (None, "Hello.", ""), ("Tartans", "A text.", "Red and green"), ("Origins", "A draft.", ""), (None, "Bye.", ""),
    ]  # fmt: skip


def test_two_moments_differ_by_what_was_written_between_them(conn, alice, bob, post):
    origins = find(conn, post, "Origins")
    start = write_post(conn, alice, post, "conclusion", "The end.")
    write(conn, bob, origins, "A draft.")
    end = write_post(conn, alice, post, "conclusion", "The very end.")
    write_post(conn, alice, post, "subtitle", "Later")

    def differences(**chosen):
        before, after = articles.choose(conn, post_id=post.id, **chosen)
        found = articles.compare(conn, post_id=post.id, before=before, after=after)
        return [(each.section_name, each.field_key, each.before, each.after) for each in found]

    draft, conclusion = ("S1", "section_draft", "", "A draft."), ("conclusion", "The end.", "The very end.")
    assert differences(before_id=start.id, after_id=end.id) == [draft, (None, *conclusion)]
    backwards = differences(before_id=end.id, after_id=start.id)
    assert backwards == [("S1", "section_draft", "A draft.", ""), (None, "conclusion", "The very end.", "The end.")]
    assert differences(before_id=end.id) == [(None, "subtitle", "", "Later")]
    assert differences(before_id=end.id, after_id=end.id) == []
    sections.delete(conn, actor=alice, section_id=origins.id)
    assert differences(before_id=start.id, after_id=end.id)[0][0] == "S1 (deleted)"
    with pytest.raises(NotFound, match="no text at this moment"):
        articles.choose(conn, post_id=post.id, before_id=1)
