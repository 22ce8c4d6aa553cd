"""The pages around the whole article: receipts, stale texts, the overview's marks, preview and comparison."""

from __future__ import annotations

import pytest

from blogforge_llm.services.editorial import posts
from blogforge_llm.web import markdown
from tests.services.editorial.asking import let_in, make_action, make_route
from tests.services.editorial.structure import find, make_post, write, write_post
from tests.web.editorial.pages import forms

HTMX = {"HX-Request": "true"}
TITLE = "provisional_title"


@pytest.fixture
def post(conn, alice):
    return posts.create(conn, actor=alice, idea="kilts for weddings")


@pytest.fixture
def stale_post(conn, ada, alice, post):
    """Its provisional title was made from another basic idea."""
    make_action(conn, ada, "A title for {{ basic_idea }}", TITLE)
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    let_in(conn, alice, post, make_route(conn), "On kilts", text="On all kilts", field_key=TITLE)
    write_post(conn, alice, post, "basic_idea", "Hats.")
    return post


def test_a_stale_field_says_why_and_offers_both_ways_out(browse, alice, charlie, stale_post):
    address = f"/workflow/idea/?post_id={stale_post.id}"
    page = browse(alice).get(address)
    assert "“Basic idea” changed after this was written." in page.text and "Run again" in page.text
    assert f"/posts/{stale_post.id}/fields/{TITLE}/dismissal" in forms(page)
    reader = browse(charlie).get(address)
    assert "changed after this was written" in reader.text and "Run again" not in reader.text


def test_keep_ends_it_with_and_without_htmx(conn, browse, alice, stale_post):
    page, address = browse(alice), f"/posts/{stale_post.id}/fields/{TITLE}/dismissal"
    answer = page.post(address)
    assert answer.status_code == 303 and answer.location.endswith(f"#field-{TITLE}")
    assert "changed after this" not in page.get(answer.location).text
    write_post(conn, alice, stale_post, "basic_idea", "Shoes.")
    part = page.post(address, headers=HTMX).text
    assert f'id="field-{TITLE}"' in part and "Kept as it is." in part and "changed after this" not in part


def test_after_a_save_the_planner_says_what_is_stale_now(browse, alice, stale_post):
    part = browse(alice).get(f"/workflow/idea/plans?post_id={stale_post.id}", headers=HTMX).text
    assert f'hx-target="#stale-{TITLE}"' in part and "changed after this was written" in part


def test_stale_texts_are_counted_in_the_list_and_named_in_the_overview(browse, charlie, stale_post):
    assert "1 stale text" in browse(charlie).get("/posts").text
    page = browse(charlie).get(f"/posts/{stale_post.id}").text
    assert "“Basic idea” changed after this was written." in page and "1</strong> stale" in page


def test_a_section_card_counts_its_stale_texts(conn, ada, browse, alice):
    post = make_post(conn, alice, "Origins")
    make_action(conn, ada, "Write on {{ section_heading }}", "section_draft")
    section = find(conn, post, "Origins")
    place = {"section_id": section.id, "field_key": "section_draft"}
    let_in(conn, alice, post, make_route(conn), "A draft.", **place)
    write(conn, alice, section, "Beginnings", "section_heading")
    assert "1 stale text" in browse(alice).get(f"/workflow/sections/?post_id={post.id}").text
    page = browse(alice).get(f"/posts/{post.id}/sections/{section.id}")
    assert "“Heading” changed after this was written." in page.text
    receipt = f"/posts/{post.id}/sections/{section.id}/fields/section_draft/receipt"
    assert "llama on Groq" in browse(alice).get(receipt).text


def test_the_receipt_tells_all_and_leads_back_in_one_click(conn, browse, alice, bob, charlie, stale_post):
    address = f"/posts/{stale_post.id}/fields/{TITLE}/receipt"
    page = browse(bob).get(address)
    for words in ("llama on Groq", "version 1", "$0.00041", "Alice", "Changed since"):
        assert words in page.text
    assert "<ins>" in page.text
    restoring = f"/posts/{stale_post.id}/fields/{TITLE}/restorations"
    answer = browse(bob).post(restoring, data=forms(page)[restoring])
    assert answer.status_code == 303
    assert "No model had a part" in browse(bob).get(address).text
    assert browse(bob).post(restoring, data=forms(page)[restoring]).status_code == 303  # as it is already
    write_post(conn, alice, stale_post, TITLE, "By hand")
    assert browse(bob).post(restoring, data=forms(page)[restoring]).status_code == 409
    assert restoring not in forms(browse(charlie).get(address))
    assert browse(bob).get(f"/posts/{stale_post.id}/fields/subtitle/receipt").status_code == 404


def test_a_block_is_called_done_from_the_overview_and_a_changed_one_is_not(conn, browse, alice, charlie, post):
    first = write_post(conn, alice, post, "conclusion", "The end.")
    page, address = browse(alice), f"/posts/{post.id}/fields/conclusion/completion"
    answer = page.post(address, data={"is_done": "1", "base_revision": first.id})
    assert (answer.status_code, answer.location) == (303, f"/posts/{post.id}#block-conclusion")
    assert "done by Alice" in page.get(f"/posts/{post.id}").text
    page.post(address, data={"is_done": "0"})
    assert "done by Alice" not in page.get(f"/posts/{post.id}").text
    write_post(conn, alice, post, "conclusion", "The very end.")
    assert page.post(address, data={"is_done": "1", "base_revision": first.id}).status_code == 409
    assert browse(charlie).post(address, data={"is_done": "0"}).status_code == 403


@pytest.mark.parametrize("rule", ["dismissal", "completion"])
def test_strangers_and_readers_cannot_speak_for_a_text(browse, charlie, post, rule):
    address = f"/posts/{post.id}/fields/{TITLE}/{rule}"
    assert browse(charlie).post(address).status_code == 403
    assert browse(None).post(address).status_code in {302, 303, 401}


def test_the_preview_shows_the_article_and_what_is_missing(conn, browse, alice, charlie):
    post = make_post(conn, alice, "Origins", "Tartans")
    assert "Nothing to read yet" in browse(charlie).get(f"/posts/{post.id}/preview").text
    write(conn, alice, find(conn, post, "Origins"), "Some **bold** text.")
    page = browse(charlie).get(f"/posts/{post.id}/preview").text
    assert "<strong>bold</strong>" in page and "Not written yet: S2 Tartans" in page


@pytest.mark.parametrize("text", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html,hi)",
    "![x](https://evil.example/pixel.png)", '<svg onload="alert(1)">', "<iframe src=//evil.example></iframe>",
    "[x](vbscript:x)", '[x](https://a.example "onmouseover=alert(1)")', "<style>*{display:none}</style>",
])  # fmt: skip
def test_nothing_of_a_text_runs_or_calls_out(text):
    html = str(markdown.html(text))
    for tag in ("<script", "<img", "<svg", "<iframe", "<style"):
        assert tag not in html.lower()
    for scheme in ("javascript", "data", "vbscript"):
        assert f'href="{scheme}' not in html.lower()
    assert " onmouseover=" not in html and " onerror=" not in html.replace("&lt;img src=x onerror=", "")


def test_headings_stand_under_those_of_the_page_and_links_vouch_for_nothing():
    html = str(markdown.html("# One\n\n###### Six\n\n[a](https://a.example)"))
    assert "<h3>One</h3>" in html and "<h6>Six</h6>" in html and 'rel="noopener noreferrer nofollow"' in html


def test_two_moments_stand_side_by_side(conn, browse, alice, charlie, post):
    first = write_post(conn, alice, post, "conclusion", "The end.")
    second = write_post(conn, alice, post, "conclusion", "The <b>very</b> end.")
    page, address = browse(charlie), f"/posts/{post.id}/comparison"
    shown = page.get(f"{address}?from={first.id}&to={second.id}").text
    assert "&lt;b&gt;very" in shown and "<ins>" in shown
    assert "The same text" in page.get(f"{address}?from={second.id}&to={second.id}").text
    assert page.get(address).status_code == 200 and page.get(f"{address}?from=1").status_code == 404
