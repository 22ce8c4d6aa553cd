"""What autosave.js and htmx are answered: JSON with a reason, and parts that replace a part of the page."""

from __future__ import annotations

import pytest

from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import fields, posts, revisions, suggestions
from tests import factories

JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(conn, alice) -> Post:
    return posts.create(conn, actor=alice, idea="kilts for weddings")


@pytest.fixture
def address(post) -> str:
    return f"/posts/{post.id}/fields/basic_idea"


def autosave(browser, address, text, base=""):
    return browser.put(address, data={"text": text, "base_revision": base, "autosave": "1"}, headers=JSON)


def test_an_autosave_answers_with_the_new_revision(conn, browse, alice, address, post):
    first = autosave(browse(alice), address, "one")
    second = autosave(browse(alice), address, "one two", first.json["revision"])
    assert (second.json["words"], second.json["text"]) == (2, "one two")
    (only,) = revisions.list_(conn, post_id=post.id, field_key="basic_idea")
    assert (only.id, only.is_autosave) == (second.json["revision"], True)


def test_a_stale_autosave_is_told_what_is_there(browse, alice, bob, address):
    autosave(browse(bob), address, "Bob's")
    answer = autosave(browse(alice), address, "Alice's")
    assert (answer.status_code, answer.json["current"]["text"], answer.json["current"]["by"]) == (409, "Bob's", "Bob")
    comparison = browse(alice).post(f"{address}/comparison", data={"text": "Alice's"}, headers=HTMX)
    page = comparison.get_data(as_text=True)
    assert "Bob changed this field" in page and f'data-theirs="{answer.json["current"]["revision"]}"' in page
    assert page.lstrip().startswith('<div id="comparison-basic_idea"')


def test_an_autosave_without_a_session_says_so_in_json(browse, address):
    answer = autosave(browse(None), address, "one")
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


@pytest.mark.parametrize("text", ["x" * 1_048_576, "a\x00b"])
def test_an_autosave_of_what_cannot_be_kept_gives_the_reason(browse, alice, address, text):
    answer = autosave(browse(alice), address, text)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["text"]


def test_a_body_beyond_all_limits_is_too_large(browse, alice, address):
    assert autosave(browse(alice), address, "x" * (9 << 20)).status_code == 413


def test_a_write_from_another_site_is_refused(conn, browse, alice, address, post):
    foreign = JSON | {"Sec-Fetch-Site": "cross-site"}
    assert browse(alice).put(address, data={"text": "x", "base_revision": ""}, headers=foreign).status_code == 403
    assert fields.get(conn, post_id=post.id, field_key="basic_idea").revision is None


def test_accepting_swaps_the_field_and_offers_undo(conn, browse, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, field_key="main_title", output="The kilt")
    answer = browse(alice).post(f"/suggestions/{suggestion_id}/acceptance", data={"base_revision": ""}, headers=HTMX)
    page = answer.get_data(as_text=True)
    assert page.lstrip().startswith('<article class="card field-block" id="field-main_title"')
    assert 'value="The kilt"' in page and "data-focus-after" in page and "Undo" in page
    assert '<hx-partial hx-target=".page-header h1" hx-swap="textContent">The kilt</hx-partial>' in page


def test_a_refused_acceptance_swaps_in_the_merge_with_the_reason(conn, browse, alice, bob, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, output="two")
    fields.save(conn, actor=bob, post_id=post.id, field_key="basic_idea", text="Bob's", base_revision_id=None)
    data = {"base_revision": "", "text": "my own version of it"}
    answer = browse(alice).post(f"/suggestions/{suggestion_id}/acceptance", data=data, headers=HTMX)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200  # htmx must show it
    assert "Bob changed" in page and "Merged text" in page and "my own version of it" in page
    assert suggestions.get(conn, suggestion_id=suggestion_id).status == "pending"


def test_a_suggestion_is_fetched_again_by_itself_when_it_ends(conn, browse, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    page = browse(alice).get(f"/suggestions/{suggestion_id}", headers=HTMX).get_data(as_text=True)
    assert page.lstrip().startswith('<article class="suggestion"') and "Accept" in page
    suggestions.discard(conn, actor=alice, suggestion_id=suggestion_id)
    gone = browse(alice).get(f"/suggestions/{suggestion_id}", headers=HTMX).get_data(as_text=True)
    assert "no longer open" in gone
    assert browse(alice).get(f"/suggestions/{suggestion_id}").location.endswith("#field-basic_idea")


def test_discarding_swaps_the_list_and_the_stream(conn, browse, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    answer = browse(alice).post(f"/suggestions/{suggestion_id}/dismissal", headers=HTMX).get_data(as_text=True)
    assert answer.lstrip().startswith('<div class="offers" id="suggestions-basic_idea"')
    assert 'hx-target="#live"' in answer
