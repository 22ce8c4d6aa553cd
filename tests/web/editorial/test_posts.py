"""The pages of posts: the list, a new one, the overview, deletion and restoration."""

from __future__ import annotations

import pytest

from blogforge_llm.services.editorial import fields, posts
from tests import factories


def text_of(response) -> str:
    return response.get_data(as_text=True)


def test_an_empty_list_says_what_to_do(browse, alice, charlie):
    assert "A post begins with an idea" in text_of(browse(alice).get("/posts"))
    assert "/posts/new" in text_of(browse(alice).get("/posts"))
    assert "/posts/new" not in text_of(browse(charlie).get("/posts"))


def test_a_new_post_asks_for_the_idea_and_leads_to_the_workflow(browse, alice):
    page = browse(alice)
    assert "What is the idea?" in text_of(page.get("/posts/new"))
    answer = page.post("/posts", data={"idea": "Kilts for weddings"})
    assert answer.status_code == 303
    assert answer.location.startswith("/workflow/idea/?post_id=")
    assert "Kilts for weddings" in text_of(page.get(answer.location))


def test_a_refused_idea_comes_back_with_what_was_typed(browse, alice):
    answer = browse(alice).post("/posts", data={"idea": "half\x00way"})
    assert answer.status_code == 422
    assert "NUL character at position 5" in text_of(answer) and "way" in text_of(answer)
    assert "Write down the idea first" in text_of(browse(alice).post("/posts", data={"idea": " "}))


def test_the_list_shows_title_words_and_who(conn, browse, alice):
    posts.create(conn, actor=alice, idea="Kilts <b>& tartans")
    page = text_of(browse(alice).get("/posts"))
    assert "Kilts &lt;b&gt;&amp; tartans" in page
    assert "3 words" in page and "by Alice" in page and "Planning: 1 of 9 filled" in page


def test_the_list_is_read_page_by_page(conn, browse, alice):
    for number in range(31):
        posts.create(conn, actor=alice, idea=f"number-{number:02}")
    first = text_of(browse(alice).get("/posts"))
    assert "number-30" in first and "number-00" not in first
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "number-00" in text_of(browse(alice).get(older))


@pytest.mark.parametrize("query", ["?before=nonsense", "?before=2026-01-01~x"])
def test_a_page_mark_that_makes_no_sense_is_refused(browse, alice, query):
    assert browse(alice).get("/posts" + query).status_code == 422


def test_search_says_when_nothing_matches(conn, browse, alice):
    posts.create(conn, actor=alice, idea="Kilts for weddings")
    assert "Kilts for weddings" in text_of(browse(alice).get("/posts?q=wed"))
    missed = text_of(browse(alice).get("/posts?q=%00'<x>"))
    assert "No title has these words" in missed and "<x>" not in missed


def test_a_deleted_post_can_be_read_and_restored_but_not_changed(conn, browse, alice):
    post = posts.create(conn, actor=alice, idea="Kilts")
    page = browse(alice)
    assert page.post(f"/posts/{post.id}/deletion").status_code == 303
    assert "Kilts" not in text_of(page.get("/posts")).split("notices")[0]
    assert "Kilts" in text_of(page.get("/posts?deleted"))
    desk = text_of(page.get(f"/workflow/idea/?post_id={post.id}"))
    assert "This post is deleted" in desk and "readonly" in desk and "Automate with LLM" not in desk
    assert page.post(f"/posts/{post.id}/restoration").location == f"/posts/{post.id}"
    assert posts.get(conn, post_id=post.id).deleted_at is None


def test_the_overview_shows_what_is_in_every_field(conn, browse, alice, charlie):
    post = posts.create(conn, actor=alice, idea="Kilts")
    fields.save(conn, actor=alice, post_id=post.id, field_key="conclusion", text="The end.", base_revision_id=None)
    factories.make_suggestion(conn, post=post, actor=alice, field_key="main_title")
    page = text_of(browse(charlie).get(f"/posts/{post.id}"))
    assert "The end." in page and "To review" in page and "2</strong> drafted" in page
    assert f"/posts/{post.id}/deletion" not in page


def test_a_viewer_changes_nothing(conn, browse, alice, charlie):
    post = posts.create(conn, actor=alice, idea="Kilts")
    assert browse(charlie).post("/posts", data={"idea": "x"}).status_code == 403
    assert browse(charlie).get("/posts/new").status_code == 403
    assert browse(charlie).post(f"/posts/{post.id}/deletion").status_code == 403
    assert browse(charlie).post(f"/posts/{post.id}/restoration").status_code == 403


@pytest.mark.parametrize("path", ["/posts/{}", "/workflow/idea/?post_id={}", "/workflow/?post_id={}"])
@pytest.mark.parametrize("post_id", [0, 2**62, 10**30])
def test_an_unknown_post_is_not_found(browse, alice, path, post_id):
    assert browse(alice).get(path.format(post_id)).status_code == 404


def test_pages_need_a_login(browse):
    for path in ("/posts", "/posts/new", "/posts/1", "/workflow/idea/?post_id=1"):
        assert browse(None).get(path).status_code == 401
