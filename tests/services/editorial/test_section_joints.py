"""Merging and splitting: nothing written is lost, and both can be undone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.records.sections import ItemKind
from blogforge_llm.services.editorial import fields, items, section_events, section_joints
from tests.services.editorial.structure import find, headings, make_post, outline, text_of, write

TEXT = "One.\n\nTwo\nlines.\n\n\nThree."


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return make_post(conn, alice, "Origins", "Tartans", "Weddings")


def undo(conn, actor, post):
    event = section_events.find_undoable(conn, post_id=post.id)
    section_events.undo(conn, actor=actor, post_id=post.id, event_id=event.id)


def merge(conn, actor, post, source, into):
    return section_joints.merge(
        conn, actor=actor, section_id=find(conn, post, source).id, into_id=find(conn, post, into).id,
        version=outline(conn, post).version,
    )  # fmt: skip


def split(conn, actor, section, at, heading="The rest", key="section_draft", **more):
    revision = fields.get(conn, post_id=section.post_id, section_id=section.id, field_key=key).revision
    values = {"base_revision_id": revision.id if revision else None} | more
    return section_joints.split(
        conn, actor=actor, section_id=section.id, field_key=key, at=at, heading=heading, **values
    )


def test_a_merge_joins_texts_in_reading_order_and_moves_the_items(conn, alice, post):
    for name in ("Origins", "Tartans"):
        write(conn, alice, find(conn, post, name), f"About {name}.")
    item = items.add(conn, actor=alice, post_id=post.id, kind=ItemKind.FACT, text="A fact")
    origins = find(conn, post, "Origins")
    items.move(conn, actor=alice, item_id=item.id, section_id=origins.id, base_section_id=None)
    target = merge(conn, alice, post, "Origins", "Tartans")
    assert headings(conn, post) == ["Tartans", "Weddings"]
    assert text_of(conn, target) == "About Origins.\n\nAbout Tartans."
    assert text_of(conn, origins) == "About Origins."
    assert items.get(conn, item_id=item.id).section_id == target.id


def test_a_merge_can_be_undone(conn, alice, post):
    for name in ("Origins", "Tartans"):
        write(conn, alice, find(conn, post, name), f"About {name}.")
    item = items.add(conn, actor=alice, post_id=post.id, kind=ItemKind.IDEA, text="An idea")
    origins = find(conn, post, "Origins")
    items.move(conn, actor=alice, item_id=item.id, section_id=origins.id, base_section_id=None)
    target = merge(conn, alice, post, "Origins", "Tartans")
    undo(conn, alice, post)
    assert headings(conn, post) == ["Origins", "Tartans", "Weddings"]
    assert (text_of(conn, origins), text_of(conn, target)) == ("About Origins.", "About Tartans.")
    assert items.get(conn, item_id=item.id).section_id == origins.id


def test_a_merge_whose_text_was_changed_since_is_not_undone(conn, alice, bob, post):
    write(conn, alice, find(conn, post, "Origins"), "Old.")
    target = merge(conn, alice, post, "Origins", "Tartans")
    write(conn, bob, target, "Old, and newer.")
    with pytest.raises(Conflict, match="changed since"), conn.transaction():
        undo(conn, alice, post)
    assert headings(conn, post) == ["Tartans", "Weddings"] and text_of(conn, target) == "Old, and newer."


def test_a_merge_into_itself_or_from_an_older_order_is_refused(conn, alice, post):
    with pytest.raises(Invalid):
        merge(conn, alice, post, "Origins", "Origins")
    version = outline(conn, post).version
    merge(conn, alice, post, "Origins", "Tartans")
    with pytest.raises(Conflict):
        section_joints.merge(
            conn, actor=alice, section_id=find(conn, post, "Tartans").id, into_id=find(conn, post, "Weddings").id,
            version=version,
        )  # fmt: skip


def test_a_split_gives_the_later_paragraphs_to_a_new_section(conn, alice, post):
    section = find(conn, post, "Origins")
    write(conn, alice, section, TEXT)
    new = split(conn, alice, section, 1)
    assert headings(conn, post) == ["Origins", "The rest", "Tartans", "Weddings"]
    assert (text_of(conn, section), text_of(conn, new)) == ("One.", "Two\nlines.\n\n\nThree.")
    undo(conn, alice, post)
    assert headings(conn, post) == ["Origins", "Tartans", "Weddings"]
    assert text_of(conn, section) == TEXT and text_of(conn, new) == "Two\nlines.\n\n\nThree."


@pytest.mark.parametrize("at", [-1, 0, 3, 99])
def test_a_split_needs_a_place_within_the_text(conn, alice, post, at):
    section = find(conn, post, "Origins")
    write(conn, alice, section, TEXT)
    with pytest.raises(Invalid):
        split(conn, alice, section, at)
    assert text_of(conn, section) == TEXT


def test_a_split_of_a_text_that_moved_on_is_refused(conn, alice, post):
    section = find(conn, post, "Origins")
    old = write(conn, alice, section, TEXT)
    write(conn, alice, section, "New.\n\n" + TEXT)
    with pytest.raises(Conflict, match="Choose the place again"):
        split(conn, alice, section, 1, base_revision_id=old.id)
    with pytest.raises(Invalid):
        split(conn, alice, section, 1, heading=" ")


@given(st.text(alphabet="ab \n\t", max_size=40), st.integers(1, 8))
def test_a_cut_loses_nothing_but_blanks_at_its_place(text, at):
    found = section_joints.paragraphs(text)
    if at >= len(found):
        with pytest.raises(Invalid):
            section_joints.cut(text, at)
        return
    first, second = section_joints.cut(text, at)
    assert section_joints.paragraphs(first) == found[:at] and section_joints.paragraphs(second) == found[at:]
    assert text.startswith(first) and text.endswith(second)
    assert not text[len(first) : len(text) - len(second)].strip()
