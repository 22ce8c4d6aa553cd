"""Headings to sections: proposed, corrected, applied in one step, undone in one step."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import headings as heading_rules
from blogforge_llm.services.editorial import section_events, sections
from tests.services.editorial.structure import find, headings, make_post, outline, text_of, write, write_post


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return make_post(conn, alice, "Origins of the kilt", "Tartans", "Weddings")


def propose(conn, post):
    return heading_rules.propose(conn, post_id=post.id)


def apply(conn, actor, post, proposal, ids=None, kept=()):
    ids = [row.section.id if row.section else None for row in proposal.rows] if ids is None else ids
    revision = proposal.source.revision
    return heading_rules.apply(
        conn, actor=actor, post_id=post.id, version=proposal.version,
        base_revision_id=revision.id if revision else None, section_ids=ids, kept_ids=kept,
    )  # fmt: skip


def test_the_proposal_says_what_would_change(conn, alice, post):
    write_post(conn, alice, post, "section_headings", "weddings\nThe origins of the kilt\nCare and storage")
    proposal = propose(conn, post)
    assert [(row.heading, row.change, row.section and row.section.code) for row in proposal.rows] == [
        ("weddings", "renamed", "S3"), ("The origins of the kilt", "renamed", "S1"),
        ("Care and storage", "added", None),
    ]  # fmt: skip
    assert [section.code for section in proposal.removed] == ["S2"] and proposal.changes
    assert headings(conn, post) == ["Origins of the kilt", "Tartans", "Weddings"]


def test_a_changed_list_changes_no_section_by_itself(conn, alice, post):
    write_post(conn, alice, post, "section_headings", "Something else")
    write_post(conn, alice, post, "section_headings", "")
    assert headings(conn, post) == ["Origins of the kilt", "Tartans", "Weddings"]


def test_applying_renames_orders_adds_and_puts_away_and_loses_no_text(conn, alice, post):
    tartans, origins = find(conn, post, "Tartans"), find(conn, post, "Origins of the kilt")
    write(conn, alice, tartans, "Many colours.")
    write(conn, alice, origins, "Long ago.")
    write_post(conn, alice, post, "section_headings", "Weddings\nThe origins of the kilt\nCare and storage")
    apply(conn, alice, post, propose(conn, post))
    assert headings(conn, post) == ["Weddings", "The origins of the kilt", "Care and storage"]
    assert text_of(conn, origins) == "Long ago." and text_of(conn, tartans) == "Many colours."
    assert [section.code for section in outline(conn, post).deleted] == ["S2"]
    event = section_events.find_undoable(conn, post_id=post.id)
    section_events.undo(conn, actor=alice, post_id=post.id, event_id=event.id)
    assert headings(conn, post) == ["Origins of the kilt", "Tartans", "Weddings"]


def test_a_removed_section_can_be_kept_and_a_match_corrected(conn, alice, post):
    write_post(conn, alice, post, "section_headings", "Weddings\nThe origins of the kilt")
    proposal = propose(conn, post)
    tartans = find(conn, post, "Tartans").id
    apply(conn, alice, post, proposal, ids=[find(conn, post, "Weddings").id, None], kept=[tartans])
    assert headings(conn, post) == ["Weddings", "The origins of the kilt", "Tartans"]
    assert [section.heading for section in outline(conn, post).deleted] == ["Origins of the kilt"]


def test_a_deleted_section_of_the_same_heading_comes_back(conn, alice, post):
    sections.delete(conn, actor=alice, section_id=find(conn, post, "Tartans").id)
    write_post(conn, alice, post, "section_order", "Origins of the kilt\nTartans\nWeddings")
    proposal = propose(conn, post)
    assert [row.change for row in proposal.rows] == ["same", "restored", "same"]
    apply(conn, alice, post, proposal)
    assert [section.code for section in outline(conn, post).living] == ["S1", "S2", "S3"]


def test_only_what_changes_its_place_counts_as_moved(conn, alice, post):
    write_post(conn, alice, post, "section_headings", "Weddings\nOrigins of the kilt\nTartans")
    assert [row.change for row in propose(conn, post).rows] == ["moved", "same", "same"]
    write_post(conn, alice, post, "section_headings", "Origins of the kilt\nTartans\nWeddings")
    assert not propose(conn, post).changes


def test_a_proposal_that_is_out_of_date_is_refused(conn, alice, bob, post):
    write_post(conn, alice, post, "section_headings", "Weddings")
    proposal = propose(conn, post)
    write_post(conn, bob, post, "section_headings", "Weddings\nTartans")
    with pytest.raises(Conflict, match="list of headings was changed"):
        apply(conn, alice, post, proposal)
    proposal = propose(conn, post)
    sections.delete(conn, actor=bob, section_id=find(conn, post, "Tartans").id)
    with pytest.raises(Conflict, match="order of the sections"):
        apply(conn, alice, post, proposal)


@pytest.mark.parametrize("ids", [[], [None, None], "twice", [2**40]])
def test_a_choice_that_does_not_fit_is_refused(conn, alice, post, ids):
    first = find(conn, post, "Tartans").id
    write_post(conn, alice, post, "section_headings", "A\nB" if ids == "twice" else "A")
    with pytest.raises(Invalid):
        apply(conn, alice, post, propose(conn, post), ids=[first, first] if ids == "twice" else ids)


def test_an_empty_list_makes_no_sections(conn, alice, post):
    with pytest.raises(Invalid, match="Write them first"):
        apply(conn, alice, post, propose(conn, post))
