"""Ideas and facts: collected once, moved by hand or by what a model labelled, never lost and never doubled."""

from __future__ import annotations

import json

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.records.sections import ItemKind
from blogforge_llm.services.editorial import (
    actions,
    board,
    items,
    plans,
    section_events,
    sections,
    suggestions,
    workflow,
)
from blogforge_llm.services.tasks import tasks
from tests import factories
from tests.services.editorial.structure import find, make_post, write, write_post
from tests.services.prompts.factories import inline, make_template


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    post = make_post(conn, alice, "Origins", "Tartans")
    write_post(conn, alice, post, "idea_scope", "The first kilt\nClan colours")
    write_post(conn, alice, post, "interesting_facts", "It has pleats.\nIt has pleats.\nit  has PLEATS.\nWool.")
    return post


def collect(conn, actor, post, *keys):
    return items.collect(conn, actor=actor, post_id=post.id, field_keys=keys or list(items.SOURCES))


def where(conn, post):
    codes = {section.id: section.code for section in sections.list_for(conn, post_id=post.id)}
    return {item.code: codes.get(item.section_id) for item in items.list_for(conn, post_id=post.id)}


def item(conn, post, code):
    return next(each for each in items.list_all(conn, post_id=post.id) if each.code == code)


def move(conn, actor, post, code, heading, base=None):
    return items.move(
        conn, actor=actor, item_id=item(conn, post, code).id,
        section_id=find(conn, post, heading).id if heading else None, base_section_id=base,
    )  # fmt: skip


def ask(conn, ada, alice, post, answer):
    """A finished task of the board's field that answered so."""
    model_id = factories.make_model(conn, name="llama", provider="Groq")
    factories.make_route(conn, model_ids=[model_id])
    template = make_template(conn, ada, inline("{{ sections_to_fill }} {{ items_to_allocate }}"))
    field = workflow.get_field(conn, key=board.FIELD)
    actions.create(
        conn, actor=ada, field_id=field.id, name="Label", template_id=template.id, contract={"shape": "json"}
    )
    (suggestion,) = suggestions.create(conn, actor=alice, post_id=post.id, field_key=board.FIELD)
    conn.execute("UPDATE tasks SET status = 'succeeded', output = %s WHERE id = %s", (answer, suggestion.task_id))
    return suggestion


def test_each_line_of_the_lists_becomes_one_item(conn, alice, post):
    assert [(each.code, each.text) for each in collect(conn, alice, post)] == [
        ("I1", "The first kilt"), ("I2", "Clan colours"), ("F1", "It has pleats."), ("F2", "Wool."),
    ]  # fmt: skip
    assert collect(conn, alice, post) == []
    write_post(conn, alice, post, "interesting_facts", "Wool.\nEight yards.")
    assert [each.code for each in collect(conn, alice, post)] == ["F3"]
    assert list(where(conn, post)) == ["I1", "I2", "F1", "F2", "F3"]


def test_a_deleted_item_is_not_collected_again_and_can_be_restored(conn, alice, post):
    collect(conn, alice, post)
    items.delete(conn, actor=alice, item_id=item(conn, post, "I1").id)
    assert "I1" not in where(conn, post) and collect(conn, alice, post) == []
    items.restore(conn, actor=alice, item_id=item(conn, post, "I1").id)
    assert "I1" in where(conn, post)


def test_items_are_not_taken_from_any_field(conn, alice, post):
    with pytest.raises(Invalid, match="not from “basic_idea”"):
        collect(conn, alice, post, "basic_idea")


def test_a_move_names_where_the_item_was(conn, alice, bob, post):
    collect(conn, alice, post)
    origins = find(conn, post, "Origins").id
    move(conn, alice, post, "I1", "Origins")
    with pytest.raises(Conflict, match="in S1 Origins now"):
        move(conn, bob, post, "I1", "Tartans")
    move(conn, bob, post, "I1", "Tartans", base=origins)
    assert where(conn, post)["I1"] == "S2"
    event = section_events.find_undoable(conn, post_id=post.id)
    section_events.undo(conn, actor=alice, post_id=post.id, event_id=event.id)
    assert where(conn, post)["I1"] == "S1"


def reword(conn, actor, post, code, text, base):
    return items.reword(conn, actor=actor, item_id=item(conn, post, code).id, text=text, base_text=base)


def test_a_reworded_item_keeps_its_code_and_its_section(conn, alice, post):
    collect(conn, alice, post)
    move(conn, alice, post, "I1", "Origins")
    done = reword(conn, alice, post, "I1", " The oldest\nkilt ", "The first kilt")
    assert (done.code, done.text, where(conn, post)["I1"]) == ("I1", "The oldest kilt", "S1")
    event = section_events.find_undoable(conn, post_id=post.id)
    assert (event.summary, event.rewordings[0].before, event.rewordings[0].after) == (
        "Reworded I1", "The first kilt", "The oldest kilt",
    )  # fmt: skip
    section_events.undo(conn, actor=alice, post_id=post.id, event_id=event.id)
    assert item(conn, post, "I1").text == "The first kilt" and where(conn, post)["I1"] == "S1"


def test_a_rewording_names_the_words_it_replaces(conn, alice, bob, post):
    collect(conn, alice, post)
    reword(conn, alice, post, "F2", "Wool, mostly.", "Wool.")
    with pytest.raises(Conflict, match=r"it says “Wool, mostly\.” now") as refused:
        reword(conn, bob, post, "F2", "Linen.", "Wool.")
    assert refused.value.current == {"text": "Wool, mostly."}
    reword(conn, bob, post, "F2", "Wool, mostly.", "Wool.")  # says so already
    with pytest.raises(Invalid, match="is missing"):
        reword(conn, bob, post, "F2", " ", "Wool, mostly.")
    items.delete(conn, actor=alice, item_id=item(conn, post, "F2").id)
    with pytest.raises(Conflict, match="Restore it first"):
        reword(conn, bob, post, "F2", "Linen.", "Wool, mostly.")


def test_a_reworded_item_does_not_come_back_by_being_collected_or_imported_again(conn, alice, post):
    collect(conn, alice, post)
    reword(conn, alice, post, "I1", "The oldest kilt", "The first kilt")
    assert collect(conn, alice, post) == []
    place = {"actor": alice, "post_id": post.id, "kind": ItemKind.IDEA}
    assert items.add_imported(conn, **place, lines=["The first kilt"])["The first kilt"].code == "I1"
    event = section_events.find_undoable(conn, post_id=post.id)
    section_events.undo(conn, actor=alice, post_id=post.id, event_id=event.id)
    assert collect(conn, alice, post) == [] and list(where(conn, post)) == ["I1", "I2", "F1", "F2"]


def test_the_items_of_a_deleted_section_wait_in_the_tray_until_it_is_back(conn, alice, post):
    collect(conn, alice, post)
    for code in ("I1", "I2"):
        move(conn, alice, post, code, "Origins")
    origins = find(conn, post, "Origins")
    sections.delete(conn, actor=alice, section_id=origins.id)
    assert set(where(conn, post).values()) == {None}
    move(conn, alice, post, "I2", "Tartans")
    sections.restore(conn, actor=alice, section_id=origins.id)
    assert (where(conn, post)["I1"], where(conn, post)["I2"]) == ("S1", "S2")


def test_an_item_cannot_go_to_a_section_of_another_post(conn, alice, charlie, post):
    collect(conn, alice, post)
    foreign = find(conn, make_post(conn, alice, "Elsewhere"), "Elsewhere")
    with pytest.raises(NotFound):
        items.move(conn, actor=alice, item_id=item(conn, post, "I1").id, section_id=foreign.id, base_section_id=None)
    with pytest.raises(Forbidden):
        items.add(conn, actor=charlie, post_id=post.id, kind=ItemKind.IDEA, text="Mine")


def test_the_model_is_asked_only_for_what_has_no_section(conn, ada, alice, post):
    collect(conn, alice, post)
    move(conn, alice, post, "I1", "Origins")
    suggestion = ask(conn, ada, alice, post, "[]")
    inputs = tasks.get(conn, task_id=suggestion.task_id).inputs
    assert inputs["sections_to_fill"] == ["S1: Origins.", "S2: Tartans."]
    assert [line.split(":")[0] for line in inputs["items_to_allocate"]] == ["I2", "F1", "F2"]


def test_applying_labels_moves_items_and_leaves_the_rest_in_the_tray(conn, ada, alice, post):
    collect(conn, alice, post)
    answer = [
        {"item": "I1", "section": "S2", "score": 0.9}, {"item": "F1", "section": "S1", "score": 0.4},
        {"item": "F9", "section": "S1", "score": 1}, {"item": "I2", "section": "S7", "score": 1},
    ]  # fmt: skip
    suggestion = ask(conn, ada, alice, post, json.dumps(answer))
    move(conn, alice, post, "F1", "Tartans")
    proposal = board.apply(conn, actor=alice, post_id=post.id, suggestion_id=suggestion.id)
    assert where(conn, post) == {"I1": "S2", "I2": None, "F1": "S2", "F2": None}
    assert [each.code for each in proposal.left] == ["I2", "F2"] and len(proposal.problems) == 2
    assert suggestions.get(conn, suggestion_id=suggestion.id).status == "accepted"
    with pytest.raises(Conflict):
        board.apply(conn, actor=alice, post_id=post.id, suggestion_id=suggestion.id)
    event = section_events.find_undoable(conn, post_id=post.id)
    section_events.undo(conn, actor=alice, post_id=post.id, event_id=event.id)
    assert where(conn, post) == {"I1": None, "I2": None, "F1": "S2", "F2": None}


def test_labels_are_applied_on_the_board_and_nowhere_else(conn, ada, alice, post):
    collect(conn, alice, post)
    suggestion = ask(conn, ada, alice, post, "[]")
    with pytest.raises(Conflict, match="Apply them there"):
        suggestions.accept(conn, actor=alice, suggestion_id=suggestion.id)
    with pytest.raises(Invalid, match="Discard it"):
        board.apply(conn, actor=alice, post_id=post.id, suggestion_id=suggestion.id)
    with pytest.raises(NotFound):
        board.apply(conn, actor=alice, post_id=make_post(conn, alice).id, suggestion_id=suggestion.id)


def test_a_section_is_drafted_from_its_own_items_and_told_what_others_cover(conn, ada, alice, post):
    collect(conn, alice, post)
    move(conn, alice, post, "I1", "Origins")
    move(conn, alice, post, "F1", "Tartans")
    write(conn, alice, find(conn, post, "Tartans"), "Patterns and their owners.", "section_description")
    factories.make_route(conn, model_ids=[factories.make_model(conn, name="llama", provider="Groq")])
    template = make_template(conn, ada, inline("{{ section_heading }} {{ section_ideas }} {{ other_sections }}"))
    field = workflow.get_field(conn, key="section_draft")
    actions.create(conn, actor=ada, field_id=field.id, name="Draft", template_id=template.id)
    origins = find(conn, post, "Origins")
    plan = plans.make(conn, actor=alice, post_id=post.id, section_id=origins.id, field_key="section_draft")
    assert plan.inputs == {
        "section_heading": "Origins", "section_ideas": ["The first kilt"],
        "other_sections": ["Tartans. Patterns and their owners. [It has pleats.]"],
    }  # fmt: skip
    (suggestion,) = suggestions.create(
        conn, actor=alice, post_id=post.id, section_id=origins.id, field_key="section_draft"
    )
    conn.execute("UPDATE tasks SET status = 'succeeded', output = 'Once.' WHERE id = %s", (suggestion.task_id,))
    revision = suggestions.accept(conn, actor=alice, suggestion_id=suggestion.id)
    assert (revision.section_id, revision.text) == (origins.id, "Once.")
    assert suggestions.list_open(conn, post_id=post.id) == []


def test_a_post_field_cannot_ask_for_what_only_sections_have(conn, ada, alice):
    template = make_template(conn, ada, inline("{{ section_ideas }} {{ section_heading }}"))
    field = workflow.get_field(conn, key="basic_idea")
    with pytest.raises(Invalid, match="section_ideas"):
        actions.create(conn, actor=ada, field_id=field.id, name="x", template_id=template.id)
