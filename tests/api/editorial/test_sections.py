"""Sections, their fields and their items over the API."""

from __future__ import annotations

import json

import pytest

from blogforge_llm.services.editorial import actions, board, workflow
from tests import factories
from tests.services.editorial.structure import find, headings, make_post, text_of, write, write_post
from tests.services.prompts.factories import inline, make_template


@pytest.fixture
def post(conn, alice):
    return make_post(conn, alice, "Origins", "Tartans", "Weddings")


def test_sections_are_added_renamed_ordered_and_deleted(program, conn, alice, post):
    api = program(alice)
    outline = api.get(f"/posts/{post.id}/sections").json
    ids = [section["id"] for section in outline["items"]]
    added = api.post(f"/posts/{post.id}/sections", {"heading": "Clans", "after_id": ids[0]})
    assert (added.status_code, added.json["code"], added.json["status"]) == (201, "S4", "empty")
    stale = api.put(f"/posts/{post.id}/sections/order", {"order": ids, "version": outline["version"]})
    assert stale.status_code == 409 and stale.json["current"]["order"] == [ids[0], added.json["id"], *ids[1:]]
    answer = api.put(
        f"/posts/{post.id}/sections/order",
        {"order": [*ids, added.json["id"]], "version": stale.json["current"]["version"]},
    )
    assert [section["code"] for section in answer.json["items"]] == ["S1", "S2", "S3", "S4"]
    field = api.get(f"/sections/{ids[0]}/fields/section_heading").json
    renamed = api.patch(f"/sections/{ids[0]}", {"heading": "Beginnings", "base_revision": field["revision"]})
    assert renamed.json["heading"] == "Beginnings"
    assert api.patch(f"/sections/{ids[0]}", {"heading": "x"}).status_code == 428
    assert api.delete(f"/sections/{ids[1]}").status_code == 204
    assert api.get(f"/sections/{ids[1]}").json["deleted_at"] is not None
    assert api.post(f"/sections/{ids[1]}/restoration", {}).json["deleted_at"] is None
    assert headings(conn, post) == ["Beginnings", "Tartans", "Weddings", "Clans"]


def test_a_section_field_is_written_like_a_field_of_a_post(program, conn, alice, bob, post):
    address = f"/sections/{find(conn, post, 'Origins').id}/fields/section_draft"
    first = program(alice).put(address, {"text": "One.", "base_revision": None}).json
    assert (first["text"], first["substage"]) == ("One.", "sections")
    assert program(bob).put(address, {"text": "Two.", "base_revision": None}).status_code == 409
    second = program(bob).put(address, {"text": "Two.", "base_revision": first["revision"]}).json
    history = program(alice).get(f"{address}/revisions").json["items"]
    assert [row["text"] for row in history] == ["Two.", "One."]
    back = program(alice).post(
        f"{address}/revisions/{first['revision']}/restore", {"base_revision": second["revision"]}
    )
    assert back.json["text"] == "One."
    keys = [row["key"] for row in program(alice).get(address.rsplit("/", 1)[0]).json]
    assert keys[:2] == ["section_heading", "section_description"]
    assert program(alice).get(f"/posts/{post.id}/fields/section_draft").status_code == 404
    assert program(alice).get("/sections/999999/fields/section_draft").status_code == 404


def test_sections_are_merged_split_and_undone(program, conn, alice, post):
    api = program(alice)
    origins, tartans = find(conn, post, "Origins"), find(conn, post, "Tartans")
    revision = write(conn, alice, origins, "One.\n\nTwo.")
    version = api.get(f"/posts/{post.id}/sections").json["version"]
    body = {"field": "section_draft", "at": 1, "heading": "More", "base_revision": revision.id, "version": version}
    new = api.post(f"/sections/{origins.id}/division", body)
    assert (new.status_code, new.json["heading"]) == (201, "More")
    merged = api.post(f"/sections/{new.json['id']}/merger", {"into": tartans.id, "version": version + 1})
    assert merged.json["id"] == tartans.id and text_of(conn, tartans) == "Two."
    events = api.get(f"/posts/{post.id}/sections/events?limit=2").json
    assert [event["kind"] for event in events["items"]] == ["merged", "split"]
    for event in events["items"]:
        undone = api.post(f"/posts/{post.id}/sections/reversal", {"event_id": event["id"]})
        assert undone.json["summary"] == event["summary"]
    assert headings(conn, post) == ["Origins", "Tartans", "Weddings"] and text_of(conn, origins) == "One.\n\nTwo."


def test_headings_are_proposed_and_applied(program, conn, alice, post):
    api = program(alice)
    write_post(conn, alice, post, "section_headings", "Weddings\nThe origins\nCare")
    proposal = api.get(f"/posts/{post.id}/sections/headings").json
    assert [(row["heading"], row["change"]) for row in proposal["rows"]] == [
        ("Weddings", "same"), ("The origins", "renamed"), ("Care", "added"),
    ]  # fmt: skip
    assert [section["heading"] for section in proposal["removed"]] == ["Tartans"]
    chosen = [row["section_id"] for row in proposal["rows"]]
    body = {"version": proposal["version"], "base_revision": proposal["base_revision"], "sections": chosen}
    answer = api.post(f"/posts/{post.id}/sections/headings", body)
    assert [section["heading"] for section in answer.json["items"]] == ["Weddings", "The origins", "Care"]
    assert api.post(f"/posts/{post.id}/sections/headings", body).status_code == 409


def test_items_are_collected_moved_and_allocated(program, conn, ada, alice, post):
    api = program(alice)
    write_post(conn, alice, post, "idea_scope", "The first kilt\nClan colours")
    assert api.post(f"/posts/{post.id}/items/collection", {"fields": ["basic_idea"]}).status_code == 422
    found = api.post(f"/posts/{post.id}/items/collection", {"fields": ["idea_scope"]}).json
    assert [item["code"] for item in found] == ["I1", "I2"]
    fact = api.post(f"/posts/{post.id}/items", {"kind": "fact", "text": "Eight yards."})
    assert (fact.status_code, fact.json["code"]) == (201, "F1")
    origins = find(conn, post, "Origins").id
    place = {"section_id": origins, "base_section_id": None}
    assert api.put(f"/items/{fact.json['id']}/allocation", place).json["section_id"] == origins
    moved = api.put(f"/items/{fact.json['id']}/allocation", {"section_id": None, "base_section_id": None})
    assert (moved.status_code, moved.json["current"]) == (409, {"section_id": origins})
    words = {"text": "Nine yards.", "base_text": "Eight yards."}
    reworded = api.patch(f"/items/{fact.json['id']}", words)
    assert (reworded.status_code, reworded.json["code"], reworded.json["text"]) == (200, "F1", "Nine yards.")
    beaten = api.patch(f"/items/{fact.json['id']}", words | {"text": "Ten yards."})
    assert (beaten.status_code, beaten.json["current"]) == (409, {"text": "Nine yards."})
    assert api.patch(f"/items/{fact.json['id']}", {"text": "Ten yards."}).status_code == 422
    (event, *_) = api.get(f"/posts/{post.id}/sections/events").json["items"]
    assert event["rewordings"] == [{"item_id": fact.json["id"], "before": "Eight yards.", "after": "Nine yards."}]
    suggestion = ask(conn, ada, api, post, [{"item": "I1", "section": "S2", "score": 1}, {"item": "I7"}])
    done = api.post(f"/posts/{post.id}/allocations", {"suggestion_id": suggestion, "capacity": 3}).json
    assert done["placed"] == [{"item": "I1", "section": "S2", "score": 1.0}] and done["left"] == ["I2"]
    assert len(done["problems"]) == 1
    assert api.delete(f"/items/{fact.json['id']}").status_code == 204
    assert [item["code"] for item in api.get(f"/posts/{post.id}/items").json] == ["I1", "I2"]
    assert api.post(f"/items/{fact.json['id']}/restoration", {}).json["deleted_at"] is None


def ask(conn, ada, api, post, answer):
    factories.make_route(conn, model_ids=[factories.make_model(conn, name="llama", provider="Groq")])
    template = make_template(conn, ada, inline("{{ items_to_allocate }}"))
    field = workflow.get_field(conn, key=board.FIELD)
    actions.create(conn, actor=ada, field_id=field.id, name="Label", template_id=template.id)
    (asked,) = api.post(f"/posts/{post.id}/fields/{board.FIELD}/suggestions", {}).json
    values = (json.dumps(answer), asked["task_id"])
    conn.execute("UPDATE tasks SET status = 'succeeded', output = %s WHERE id = %s", values)
    return asked["id"]


def test_readers_read_and_nobody_finds_what_is_not_there(program, conn, charlie, post):
    api = program(charlie)
    assert len(api.get(f"/posts/{post.id}/sections").json["items"]) == 3
    assert api.post(f"/posts/{post.id}/sections", {"heading": "x"}).status_code == 403
    assert api.delete(f"/sections/{find(conn, post, 'Origins').id}").status_code == 403
    for address in ("/sections/999999", "/posts/999999/sections", "/posts/999999/items"):
        assert api.get(address).status_code == 404


@pytest.mark.parametrize("body", [{}, {"heading": ""}, {"heading": "a\x00"}, {"heading": "x" * 301}, {"heading": 7}])
def test_a_bad_section_is_a_problem_of_its_heading(program, alice, post, body):
    answer = program(alice).post(f"/posts/{post.id}/sections", body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["heading"])
