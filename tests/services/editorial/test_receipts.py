"""The receipt of a text tells prompt, model, sources, acceptance and edits, and where the text before is."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import posts, receipts, revisions, suggestions
from tests.services.editorial.asking import let_in, make_action, make_route
from tests.services.editorial.structure import find, make_post, write_post

TITLE = "provisional_title"


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return posts.create(conn, actor=alice, idea="kilts for weddings")


@pytest.fixture
def model(conn: db.Connection, ada: User) -> int:
    make_action(conn, ada, "A title for {{ basic_idea }}", TITLE)
    return make_route(conn)


def get(conn, actor, post, key=TITLE, **place):
    return receipts.get(conn, actor=actor, post_id=post.id, field_key=key, **place)


def test_an_empty_field_has_no_receipt(conn, alice, post):
    with pytest.raises(NotFound, match="Provisional title"):
        get(conn, alice, post)


def test_a_text_of_a_person_has_a_receipt_without_a_model(conn, alice, charlie, post):
    first = write_post(conn, alice, post, TITLE, "Mine")
    second = write_post(conn, alice, post, TITLE, "Mine too")
    receipt = get(conn, charlie, post)
    assert (receipt.making, receipt.revision, receipt.before.id, receipt.edits) == (None, second, first.id, [])


def test_an_accepted_text_tells_who_wrote_it_from_what_and_how_much_was_changed(conn, alice, bob, post, model):
    write_post(conn, alice, post, TITLE, "Mine")
    source = write_post(conn, alice, post, "basic_idea", "Kilts.")
    accepted = let_in(conn, bob, post, model, "On kilts", text="On hats", field_key=TITLE)
    receipt = get(conn, alice, post)
    making = receipt.making
    assert (making.suggestion.served_by, making.suggestion.served_by_provider) == ("llama", "Groq")
    assert (making.template.number, making.template.is_newest, making.accepted) == (1, True, accepted)
    assert str(making.suggestion.cost).rstrip("0") == "0.000412" and making.suggestion.cost_source == "known"
    assert [(each.variable, each.revision_id, each.is_changed) for each in making.sources] == [
        ("basic_idea", source.id, False)
    ]
    assert making.accepted_share == making.now_share == 0.375
    assert [(change.kind, change.text.strip()) for change in receipts.changes(receipt)] == [
        ("same", "On"), ("removed", "kilts"), ("added", "hats"),
    ]  # fmt: skip
    assert receipt.before.text == "Mine" and receipt.edits == []
    write_post(conn, alice, post, "basic_idea", "Hats.")
    assert [each.is_changed for each in get(conn, alice, post).making.sources] == [True]


def test_edits_after_acceptance_are_a_chain_and_the_text_before_stays_the_one_before_the_model(
    conn, alice, bob, post, model
):
    write_post(conn, alice, post, TITLE, "Mine")
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    let_in(conn, alice, post, model, "On kilts", field_key=TITLE)
    edits = [write_post(conn, bob, post, TITLE, text) for text in ("On kilts!", "On all kilts!")]
    receipt = get(conn, alice, post)
    assert [edit.id for edit in receipt.edits] == [edits[1].id, edits[0].id]
    assert receipt.making.accepted_share == 0 and 0 < receipt.making.now_share < 1
    assert receipt.before.text == "Mine"
    revisions.restore(
        conn, actor=alice, post_id=post.id, field_key=TITLE, revision_id=receipt.before.id,
        base_revision_id=receipt.revision.id,
    )  # fmt: skip
    assert get(conn, alice, post).making is None


def test_a_text_taken_back_and_restored_again_has_its_receipt_again(conn, alice, post, model):
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    accepted = let_in(conn, alice, post, model, "On kilts", field_key=TITLE)
    suggestions.reopen(conn, actor=alice, suggestion_id=accepted.suggestion_id)
    assert get(conn, alice, post).making is None
    emptied = get(conn, alice, post).revision
    place = {"post_id": post.id, "field_key": TITLE}
    revisions.restore(conn, actor=alice, **place, revision_id=accepted.id, base_revision_id=emptied.id)
    assert get(conn, alice, post).making.accepted.id == accepted.id


def test_a_text_of_a_section_has_one_too(conn, ada, alice, model):
    post = make_post(conn, alice, "Origins")
    make_action(conn, ada, "Write on {{ section_heading }}", "section_draft")
    section = find(conn, post, "Origins")
    let_in(conn, alice, post, model, "A draft.", section_id=section.id, field_key="section_draft")
    receipt = get(conn, alice, post, "section_draft", section_id=section.id)
    assert [(each.name, each.section_id) for each in receipt.making.sources] == [("Heading", section.id)]
    assert receipt.before is None
