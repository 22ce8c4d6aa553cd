"""The pages of sections and of the allocation board, as a browser without JavaScript uses them, and as htmx does."""

from __future__ import annotations

import json

import pytest

from blogforge_llm.services.editorial import actions, board, items, suggestions, workflow
from tests import factories
from tests.services.editorial.structure import find, headings, make_post, outline, text_of, write, write_post
from tests.services.prompts.factories import inline, make_template
from tests.web.editorial.pages import forms

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(conn, alice):
    return make_post(conn, alice, "Origins", "Tartans", "Weddings")


def step(post):
    return f"/workflow/sections/?post_id={post.id}"


def test_the_step_lists_the_sections_and_adds_one(conn, browse, alice, post):
    page = browse(alice)
    add = forms(page.get(step(post)))[f"/posts/{post.id}/sections"] | {"heading": "Clans", "description": "Who."}
    answer = page.post(f"/posts/{post.id}/sections", data=add)
    assert (answer.status_code, answer.location) == (303, step(post))
    text = page.get(step(post)).get_data(as_text=True)
    assert "Clans" in text and "S4 is added." in text and headings(conn, post)[-1] == "Clans"


def test_a_refused_section_gives_back_what_was_typed(browse, alice, post):
    answer = browse(alice).post(f"/posts/{post.id}/sections", data={"heading": " ", "description": "Mine."})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "A section needs a heading" in text and "Mine." in text


def test_the_buttons_and_the_dragged_list_change_the_order(conn, browse, alice, post):
    page, address = browse(alice), f"/posts/{post.id}/sections/order"
    ids, version = outline(conn, post).order, outline(conn, post).version
    page.post(address, data={"order": ids, "move": f"{ids[0]}:down", "version": version})
    assert headings(conn, post) == ["Tartans", "Origins", "Weddings"]
    answer = page.post(address, data={"order": ids[::-1], "version": version + 1}, headers=HTMX)
    assert 'id="outline"' in answer.text and "The order is saved" in answer.text
    assert headings(conn, post) == ["Weddings", "Tartans", "Origins"]
    stale = page.post(address, data={"order": ids, "version": version})
    assert stale.status_code == 409 and "Somebody changed the order" in stale.text
    assert page.post(address, data={"order": ["x"], "version": version}).status_code == 422


def test_a_section_page_saves_its_fields_at_their_own_address(conn, browse, alice, bob, post):
    section, page = find(conn, post, "Tartans"), browse(alice)
    address = f"/posts/{post.id}/sections/{section.id}"
    found = forms(page.get(address))[f"{address}/fields/section_draft"]
    answer = page.post(found.action, data=found | {"text": "Many colours."})
    assert (answer.status_code, answer.location) == (303, f"{address}#field-section_draft")
    assert text_of(conn, section) == "Many colours."
    write(conn, bob, section, "Few colours.")
    refused = page.post(found.action, data=found | {"text": "No colours."})
    assert refused.status_code == 409 and "No colours." in refused.text and "Bob changed this field" in refused.text
    assert "Draft: this was not done" in refused.text and 'href="#field-section_draft"' in refused.text
    history = page.get(f"{address}/fields/section_draft/revisions").text
    assert "Many colours." in history and f'href="{address}#field-section_draft"' in history


def test_a_section_is_suggested_a_text_on_its_page(conn, browse, ada, alice, post):
    factories.make_route(conn, model_ids=[factories.make_model(conn, name="llama", provider="Groq")])
    template = make_template(conn, ada, inline("About {{ section_heading }}, not {{ other_sections }}"))
    field = workflow.get_field(conn, key="section_draft")
    actions.create(conn, actor=ada, field_id=field.id, name="Draft", template_id=template.id)
    section, page = find(conn, post, "Tartans"), browse(alice)
    address = f"/posts/{post.id}/sections/{section.id}"
    prompt = page.get(f"{address}/fields/section_draft/prompt").text
    assert "About Tartans, not" in prompt and "Weddings" in prompt
    page.post(f"{address}/fields/section_draft/suggestions", data={})
    (asked,) = suggestions.list_open(conn, post_id=post.id, section_id=section.id)
    conn.execute("UPDATE tasks SET status = 'succeeded', output = 'Wool.' WHERE id = %s", (asked.task_id,))
    assert "Wool." in page.get(address).text
    answer = page.post(f"/suggestions/{asked.id}/acceptance", data={"base_revision": ""})
    assert answer.location == f"{address}#field-section_draft" and text_of(conn, section) == "Wool."
    assert f"{address}#field-section_draft" in page.get(f"/llm/tasks/{asked.task_id}").text


def test_sections_are_deleted_restored_merged_and_undone(conn, browse, alice, post):
    page, tartans = browse(alice), find(conn, post, "Tartans")
    address = f"/posts/{post.id}/sections/{tartans.id}"
    page.post(f"{address}/deletion")
    text = page.get(step(post)).text
    assert "Deleted sections (1)" in text and headings(conn, post) == ["Origins", "Weddings"]
    assert "This section is deleted" in page.get(address).text
    page.post(f"{address}/restoration")
    merge = forms(page.get(address))[f"{address}/merger"] | {"into": str(find(conn, post, "Origins").id)}
    assert page.post(f"{address}/merger", data=merge).status_code == 303
    assert headings(conn, post) == ["Origins", "Weddings"]
    undo = forms(page.get(step(post)))[f"/posts/{post.id}/sections/reversal"]
    page.post(undo.action, data=undo)
    assert headings(conn, post) == ["Origins", "Tartans", "Weddings"]
    assert page.post(undo.action, data=undo).status_code == 409


def test_a_split_is_chosen_among_the_paragraphs(conn, browse, alice, post):
    page, section = browse(alice), find(conn, post, "Origins")
    address = f"/posts/{post.id}/sections/{section.id}/division"
    assert "There is nothing to split" in page.get(address).text
    write(conn, alice, section, "One.\n\nTwo.\n\nThree.")
    form = forms(page.get(address))[address] | {"at": "2", "heading": ""}
    refused = page.post(address, data=form)
    assert refused.status_code == 422 and "needs a heading" in refused.text
    page.post(address, data=form | {"heading": "Late"})
    assert headings(conn, post) == ["Origins", "Late", "Tartans", "Weddings"]
    assert text_of(conn, find(conn, post, "Late")) == "Three."


def test_headings_become_sections_on_their_own_page(conn, browse, alice, post):
    page, address = browse(alice), f"/posts/{post.id}/headings"
    assert "There are no headings yet" in page.get(address).text
    write_post(conn, alice, post, "section_headings", "Weddings\nThe origins")
    text = page.get(address).text
    assert "Renamed" in text and "Keep S2 Tartans" in text
    ids = [find(conn, post, "Weddings").id, find(conn, post, "Origins").id]
    form = forms(page.get(address))[address]
    data = {"version": form["version"], "base_revision": form["base_revision"], "section": ids}
    assert page.post(address, data=data | {"section": [ids[0], ids[0]]}).status_code == 422
    assert page.post(address, data=data).status_code == 303
    assert headings(conn, post) == ["Weddings", "The origins"]


def test_the_board_collects_moves_and_applies(conn, browse, ada, alice, post):
    page, address = browse(alice), f"/posts/{post.id}/board"
    assert "No ideas or facts yet" in page.get(address).text
    write_post(conn, alice, post, "idea_scope", "The first kilt\nClan <b>colours</b>")
    page.post(f"/posts/{post.id}/items/collection", data={"fields": "idea_scope"})
    first, second = items.list_for(conn, post_id=post.id)
    origins, tartans = find(conn, post, "Origins").id, find(conn, post, "Tartans").id
    move = f"/posts/{post.id}/items/{first.id}/allocation"
    assert forms(page.get(address))[move] == {"base": ""}
    answer = page.post(move, data={"base": "", "section": origins}, headers=HTMX)
    assert "I1 is moved" in answer.text and "&lt;b&gt;colours" in answer.text
    assert page.post(move, data={"base": "", "section": tartans}).status_code == 409
    labels = [{"item": "I2", "section": "S2", "score": 0.8}, {"item": "I9", "section": "S1", "score": 1}]
    suggestion = label(conn, ada, page, post, labels)
    text = page.get(address).text
    assert "S2 Tartans" in text and "80%" in text and "Left aside (1)" in text
    page.post(f"/posts/{post.id}/allocations", data={"suggestion_id": suggestion, "capacity": ""})
    assert [item.section_id for item in items.list_for(conn, post_id=post.id)] == [origins, tartans]
    page.post(f"/posts/{post.id}/items/{second.id}/deletion")
    assert "Put away (1)" in page.get(address).text
    page.post(f"/posts/{post.id}/items/{second.id}/restoration")
    assert len(items.list_for(conn, post_id=post.id)) == 2
    assert page.post(f"/posts/{post.id}/allocations", data={"suggestion_id": 0, "capacity": "x"}).status_code == 422


def test_an_item_is_reworded_on_its_own_page_or_in_the_dialog_of_the_board(conn, browse, alice, bob, charlie, post):
    item = items.add(conn, actor=alice, post_id=post.id, kind="idea", text="A “kilt”\u2028& more")
    page, address = browse(alice), f"/posts/{post.id}/items/{item.id}"
    assert f'href="{address}/edit"' in page.get(f"/posts/{post.id}/board").text
    form = forms(page.get(f"{address}/edit"))[address]
    assert form["text"] == form["base"] == item.text
    answer = page.post(address, data=form | {"text": "A kilt"})
    assert (answer.status_code, answer.location) == (303, f"/posts/{post.id}/board#item-{item.id}")
    beaten = browse(bob).post(address, data=form | {"text": "Trews"})
    assert beaten.status_code == 409 and "it says “A kilt” now" in beaten.text
    again = forms(beaten)[address]
    assert (again["text"], again["base"]) == ("Trews", "A kilt")
    done = browse(bob).post(address, data=again, headers=HTMX)
    assert "I1 is reworded" in done.text and "Trews" in done.text and 'hx-target="#board"' in done.text
    empty = page.post(address, data=again | {"text": " "}, headers=HTMX)
    assert empty.status_code == 200 and "The idea or fact is missing" in empty.text and "<html" not in empty.text
    assert browse(charlie).get(f"{address}/edit").status_code == 403
    assert page.get(f"/posts/{make_post(conn, alice, 'Other').id}/items/{item.id}/edit").status_code == 404


def label(conn, ada, page, post, labels):
    factories.make_route(conn, model_ids=[factories.make_model(conn, name="llama", provider="Groq")])
    template = make_template(conn, ada, inline("{{ items_to_allocate }} {{ sections_to_fill }}"))
    field = workflow.get_field(conn, key=board.FIELD)
    actions.create(conn, actor=ada, field_id=field.id, name="Label", template_id=template.id)
    address = f"/posts/{post.id}/fields/{board.FIELD}/suggestions"
    answer = page.post(address, data={}, headers=HTMX)
    assert "Writing" in answer.text
    (asked,) = suggestions.list_open(conn, post_id=post.id)
    values = (json.dumps(labels), asked.task_id)
    conn.execute("UPDATE tasks SET status = 'succeeded', output = %s WHERE id = %s", values)
    return asked.id


def test_an_item_of_another_post_cannot_be_moved_here(conn, browse, alice, post):
    other = make_post(conn, alice, "Elsewhere")
    item = items.add(conn, actor=alice, post_id=other.id, kind="idea", text="Theirs")
    page = browse(alice)
    assert page.post(f"/posts/{post.id}/items/{item.id}/deletion").status_code == 404
    foreign = find(conn, other, "Elsewhere").id
    assert page.post(f"/posts/{post.id}/sections/{foreign}/deletion").status_code == 404
    assert page.get(f"/posts/{post.id}/sections/{foreign}").status_code == 404


def test_a_reader_sees_everything_and_changes_nothing(conn, browse, charlie, post):
    page, section = browse(charlie), find(conn, post, "Origins")
    for address in (step(post), f"/posts/{post.id}/sections/{section.id}", f"/posts/{post.id}/board"):
        answer = page.get(address)
        assert answer.status_code == 200 and "Add section" not in answer.text and "Automate with" not in answer.text
    assert page.post(f"/posts/{post.id}/sections/{section.id}/deletion").status_code == 403
    assert "S1 Origins" in page.get(f"/posts/{post.id}").text
