"""Sections: added, put in order, deleted, restored, undone; their texts stay what they are."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import desk, fields, posts, revisions, section_events, sections
from tests.services.editorial.structure import find, headings, make_post, outline, text_of, write


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return make_post(conn, alice, "Origins", "Tartans", "Weddings")


def undo(conn, actor, post):
    event = section_events.find_undoable(conn, post_id=post.id)
    return section_events.undo(conn, actor=actor, post_id=post.id, event_id=event.id)


def test_sections_have_codes_that_are_never_used_again(conn, alice, post):
    assert [section.code for section in sections.list_for(conn, post_id=post.id)] == ["S1", "S2", "S3"]
    sections.delete(conn, actor=alice, section_id=find(conn, post, "Weddings").id)
    assert sections.add(conn, actor=alice, post_id=post.id, heading="Today").code == "S4"


def test_a_section_is_added_behind_another_one(conn, alice, post):
    sections.add(
        conn, actor=alice, post_id=post.id, heading="Clans", description="Who.", after_id=find(conn, post, "Origins").id
    )
    assert headings(conn, post) == ["Origins", "Clans", "Tartans", "Weddings"]
    assert find(conn, post, "Clans").description == "Who."


def test_a_section_needs_a_heading(conn, alice, post):
    with pytest.raises(Invalid) as refusal:
        sections.add(conn, actor=alice, post_id=post.id, heading=" ")
    assert "heading" in refusal.value.errors and len(headings(conn, post)) == 3


def test_ordering_touches_no_text(conn, alice, post):
    for section in outline(conn, post).living:
        write(conn, alice, section, f"About {section.heading}.")
    before = conn.execute("SELECT id, section_id, text FROM revisions ORDER BY id").fetchall()
    order = list(reversed(outline(conn, post).order))
    sections.reorder(conn, actor=alice, post_id=post.id, order=order, version=outline(conn, post).version)
    assert headings(conn, post) == ["Weddings", "Tartans", "Origins"]
    assert conn.execute("SELECT id, section_id, text FROM revisions ORDER BY id").fetchall() == before
    assert text_of(conn, find(conn, post, "Tartans")) == "About Tartans."


def test_an_order_made_from_an_older_one_is_refused(conn, alice, bob, post):
    old = outline(conn, post)
    sections.reorder(conn, actor=bob, post_id=post.id, order=old.order[::-1], version=old.version)
    with pytest.raises(Conflict) as refusal:
        sections.reorder(conn, actor=alice, post_id=post.id, order=old.order, version=old.version)
    assert refusal.value.current == {"version": old.version + 1, "order": old.order[::-1]}
    assert headings(conn, post) == ["Weddings", "Tartans", "Origins"]


@pytest.mark.parametrize("change", [lambda o: o[1:], lambda o: [*o, o[0]], lambda o: [*o[1:], 2**40]])
def test_an_order_must_name_every_section_once(conn, alice, post, change):
    found = outline(conn, post)
    with pytest.raises(Invalid):
        sections.reorder(conn, actor=alice, post_id=post.id, order=change(found.order), version=found.version)
    assert outline(conn, post).order == found.order


def test_a_deleted_section_keeps_its_texts_and_comes_back_to_its_place(conn, alice, post):
    section = find(conn, post, "Tartans")
    write(conn, alice, section, "Many colours.")
    sections.delete(conn, actor=alice, section_id=section.id)
    assert headings(conn, post) == ["Origins", "Weddings"]
    assert sections.delete(conn, actor=alice, section_id=section.id).deleted_at is not None
    with pytest.raises(Conflict, match="S2 was deleted"):
        write(conn, alice, section, "More.")
    sections.restore(conn, actor=alice, section_id=section.id)
    assert headings(conn, post) == ["Origins", "Tartans", "Weddings"]
    assert text_of(conn, section) == "Many colours."


def test_everything_can_be_undone_back_to_the_beginning(conn, alice, post):
    found = outline(conn, post)
    sections.reorder(conn, actor=alice, post_id=post.id, order=found.order[::-1], version=found.version)
    sections.delete(conn, actor=alice, section_id=find(conn, post, "Tartans").id)
    undo(conn, alice, post)
    assert headings(conn, post) == ["Weddings", "Tartans", "Origins"]
    undo(conn, alice, post)
    assert headings(conn, post) == ["Origins", "Tartans", "Weddings"]
    for _ in range(3):
        undo(conn, alice, post)
    assert headings(conn, post) == [] and section_events.find_undoable(conn, post_id=post.id) is None
    events = section_events.list_for(conn, post_id=post.id)
    assert len(events) == 10 and events[0].summary == "Undone: Added S1 “Origins”"


def test_undo_names_what_it_undoes_and_is_refused_when_more_was_done(conn, alice, bob, post):
    event = section_events.find_undoable(conn, post_id=post.id)
    sections.delete(conn, actor=bob, section_id=find(conn, post, "Origins").id)
    with pytest.raises(Conflict):
        section_events.undo(conn, actor=alice, post_id=post.id, event_id=event.id)
    assert headings(conn, post) == ["Tartans", "Weddings"]


def test_a_section_field_is_a_field_like_any_other(conn, alice, bob, post):
    section = find(conn, post, "Origins")
    first = write(conn, alice, section, "One.")
    place = {"post_id": post.id, "section_id": section.id, "field_key": "section_draft"}
    fields.save(conn, actor=bob, **place, text="Two.", base_revision_id=first.id)
    with pytest.raises(Conflict, match="Bob changed “Draft”"):
        fields.save(conn, actor=alice, **place, text="Three.", base_revision_id=first.id)
    assert [each.text for each in revisions.list_(conn, **place)] == ["Two.", "One."]
    current = fields.get(conn, **place).revision
    revisions.restore(conn, actor=alice, **place, revision_id=first.id, base_revision_id=current.id)
    assert text_of(conn, section) == "One."
    assert text_of(conn, find(conn, post, "Tartans")) == ""


def test_a_revision_of_one_section_cannot_be_restored_into_another(conn, alice, post):
    first = write(conn, alice, find(conn, post, "Origins"), "One.")
    with pytest.raises(NotFound):
        revisions.restore(
            conn, actor=alice, post_id=post.id, section_id=find(conn, post, "Tartans").id, field_key="section_draft",
            revision_id=first.id, base_revision_id=None,
        )  # fmt: skip


def test_a_section_of_another_post_is_not_found(conn, alice, post):
    other = make_post(conn, alice, "Elsewhere")
    foreign = find(conn, other, "Elsewhere")
    with pytest.raises(NotFound):
        fields.save(
            conn, actor=alice, post_id=post.id, section_id=foreign.id, field_key="section_draft", text="x",
            base_revision_id=None,
        )  # fmt: skip
    with pytest.raises(NotFound):
        sections.add(conn, actor=alice, post_id=post.id, heading="x", after_id=foreign.id)
    with pytest.raises(NotFound):
        fields.get(conn, post_id=post.id, field_key="section_draft")
    with pytest.raises(NotFound):
        fields.get(conn, post_id=other.id, section_id=foreign.id, field_key="basic_idea")


def test_a_reader_cannot_change_sections_and_a_deleted_post_stands_still(conn, alice, charlie, post):
    section = find(conn, post, "Origins")
    with pytest.raises(Forbidden):
        sections.delete(conn, actor=charlie, section_id=section.id)
    posts.delete(conn, actor=alice, post_id=post.id)
    with pytest.raises(Conflict, match="post was deleted"):
        sections.delete(conn, actor=alice, section_id=section.id)


def test_the_overview_counts_a_section_as_filled_once_it_has_a_text(conn, alice, post):
    write(conn, alice, find(conn, post, "Origins"), "Three words here.")
    whole = desk.overview(conn, post_id=post.id)
    step = next(each for stage in whole.stages for each in stage.substages if each.has_sections)
    assert (whole.filled(step), whole.total(step)) == (1, 3)
    assert whole.words == 3 + len(["kilts", "for", "weddings"])
