"""Posts: made from an idea, found by their title's words, put away and brought back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.errors import Forbidden, Invalid, NotFound
from blogforge_llm.services.editorial import fields, posts, titles


def titles_of(conn: db.Connection, **options) -> list[str]:
    return [row.post.title for row in posts.list_posts(conn, **options)]


def test_a_post_begins_with_its_idea(conn, alice):
    post = posts.create(conn, actor=alice, idea="Kilts for weddings\n\nWho wears what?")
    assert (post.title, post.slug, post.created_by_name) == ("Kilts for weddings", "kilts-for-weddings", "Alice")
    value = fields.get(conn, post_id=post.id, field_key="idea_seed")
    assert value.text == "Kilts for weddings\n\nWho wears what?"
    assert value.revision.base_revision_id is None


def test_slugs_are_unique(conn, alice):
    slugs = [posts.create(conn, actor=alice, idea="Kilts & more").slug for _ in range(3)]
    assert slugs == ["kilts-more", "kilts-more-2", "kilts-more-3"]


def test_an_idea_without_latin_letters_gets_a_slug_too(conn, alice):
    assert posts.create(conn, actor=alice, idea="婚礼上的苏格兰裙").slug.startswith("post")


@pytest.mark.parametrize("idea", ["", " \n ", "a\x00", "x" * 200_001])
def test_what_is_no_idea_is_refused_by_its_name(conn, alice, idea):
    with pytest.raises(Invalid) as caught:
        posts.create(conn, actor=alice, idea=idea)
    assert list(caught.value.errors) == ["idea"]


def test_a_viewer_can_neither_create_delete_nor_restore(conn, alice, charlie):
    post = posts.create(conn, actor=alice, idea="kilts")
    with pytest.raises(Forbidden):
        posts.create(conn, actor=charlie, idea="kilts")
    with pytest.raises(Forbidden):
        posts.delete(conn, actor=charlie, post_id=post.id)
    with pytest.raises(Forbidden):
        posts.restore(conn, actor=charlie, post_id=post.id)


def test_colleagues_share_posts(conn, alice, bob):
    post = posts.create(conn, actor=alice, idea="kilts")
    assert posts.delete(conn, actor=bob, post_id=post.id).deleted_at is not None


def test_a_deleted_post_moves_to_the_deleted_view_and_back(conn, alice):
    post = posts.create(conn, actor=alice, idea="kilts")
    posts.delete(conn, actor=alice, post_id=post.id)
    assert titles_of(conn) == [] and titles_of(conn, is_deleted=True) == ["kilts"]
    assert (posts.count(conn), posts.count(conn, is_deleted=True)) == (0, 1)
    posts.restore(conn, actor=alice, post_id=post.id)
    assert titles_of(conn) == ["kilts"] and titles_of(conn, is_deleted=True) == []


def test_the_last_touched_comes_first_and_marks_lead_through_all(conn, alice):
    made = [posts.create(conn, actor=alice, idea=f"idea {number}") for number in range(5)]
    fields.save(conn, actor=alice, post_id=made[0].id, field_key="basic_idea", text="x", base_revision_id=None)
    seen, before = [], None
    while rows := posts.list_posts(conn, before=before, limit=2):
        seen += [row.post.title for row in rows]
        before = posts.read_mark(posts.mark(rows[-1]))
    assert seen == ["idea 0", "idea 4", "idea 3", "idea 2", "idea 1"]


@pytest.mark.parametrize("text", ["x", "2026-01-01~x", "2026-01-01~-1", f"2026-01-01~{10**30}", "~1", "\x00~1"])
def test_a_mark_that_is_not_ours_is_refused(text):
    with pytest.raises(Invalid):
        posts.read_mark(text)


def test_search_finds_all_words_by_their_beginning(conn, alice):
    for idea in ("Kilts for weddings", "Kilts at work", "Tartan weddings"):
        posts.create(conn, actor=alice, idea=idea)
    assert titles_of(conn, query="wed kil") == ["Kilts for weddings"]
    assert posts.count(conn, query="wed") == 2
    assert titles_of(conn, query="nothing such") == []


def test_titles_to_choose_from_are_those_of_the_list(conn, alice):
    made = [posts.create(conn, actor=alice, idea=idea) for idea in ("Kilts at work", "Tartan weddings", "Looms")]
    posts.delete(conn, actor=alice, post_id=made[2].id)
    assert posts.list_titles(conn) == [(made[1].id, "Tartan weddings"), (made[0].id, "Kilts at work")]
    assert posts.list_titles(conn, query="kil") == [(made[0].id, "Kilts at work")]
    assert posts.list_titles(conn, limit=1) == [(made[1].id, "Tartan weddings")]


@pytest.mark.parametrize(
    "query", ["'", "&|!", "a:*", "<->", "\x00", "k'); DROP TABLE posts", "_", "\\", "\ud800", "(" * 999]
)
def test_search_takes_any_characters(conn, alice, query):
    posts.create(conn, actor=alice, idea="kilts")
    posts.list_posts(conn, query=query)
    posts.count(conn, query=query)


def test_rows_tell_words_and_the_share_of_each_stage(conn, alice):
    post = posts.create(conn, actor=alice, idea="kilts for weddings")
    fields.save(conn, actor=alice, post_id=post.id, field_key="main_title", text="The kilt", base_revision_id=None)
    (row,) = posts.list_posts(conn)
    assert row.words == 5
    assert [(stage.key, stage.filled) for stage in row.stages] == [("planning", 1), ("authoring", 1), ("publishing", 0)]
    assert all(stage.total > 0 for stage in row.stages)


def test_an_unknown_post_is_not_found(conn, alice):
    for call in (posts.get,):
        with pytest.raises(NotFound):
            call(conn, post_id=2**62)
    with pytest.raises(NotFound):
        posts.delete(conn, actor=alice, post_id=2**62)


def test_a_title_is_the_first_line_cut_at_a_word():
    assert titles.from_text("\n  One \t two \nthree") == "One two"
    long = titles.from_text("word " * 40)
    assert len(long) <= titles.TITLE_LENGTH + 1 and long.endswith("word…")
    assert titles.from_text("x" * 300) == "x" * 80 + "…"


@given(st.text())
def test_any_text_makes_a_short_title_and_a_safe_slug(text):
    title = titles.from_text(text)
    slug = titles.slug(title)
    assert len(title) <= 81 and "\n" not in title
    assert 0 < len(slug) <= 60 and set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
