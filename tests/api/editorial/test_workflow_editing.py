"""The workflow's rows over the API: added, changed, put in order, archived and brought back."""

from __future__ import annotations

import pytest

from blogforge_llm.services.editorial import actions, posts, workflow
from tests.services.editorial.structure import write_post
from tests.services.prompts.factories import inline, make_template


@pytest.fixture
def api(program, ada):
    return program(ada)


def test_stages_are_added_renamed_ordered_archived_and_restored(api):
    made = api.post("/workflow/stages", {"name": "Review"})
    assert (made.status_code, made.json["key"], made.json["archived_at"]) == (201, "review", None)
    address = f"/workflow/stages/{made.json['id']}"
    assert api.patch(address, {"name": "Checks"}).json["name"] == "Checks"
    assert api.post("/workflow/stages", {"name": "x", "key": "review"}).status_code == 409
    assert api.post("/workflow/stages", {"name": "x", "key": "No"}).status_code == 422
    order = [row["id"] for row in api.get("/workflow/stages").json]
    seen = api.get("/workflow/order").json
    body = {"order": order[::-1], "version": seen["version"]}
    answer = api.put("/workflow/stages/order", body)
    assert answer.json["stages"] == ["review", "publishing", "authoring", "planning"]
    stale = api.put("/workflow/stages/order", body)
    assert stale.status_code == 409 and stale.json["current"] == {"version": answer.json["version"]}
    assert api.delete(address).status_code == 204
    assert [row["key"] for row in api.get("/workflow/stages?archived=true").json] == ["review"]
    assert "review" not in [row["key"] for row in api.get("/workflow/stages").json]
    assert api.post(f"{address}/restoration", {}).json["archived_at"] is None
    assert api.get("/workflow/stages/999999").status_code == 404


def test_substages_move_between_stages(api):
    made = api.post("/workflow/substages", {"name": "Fact check", "stage": "planning", "icon": "check"})
    assert (made.status_code, made.json["key"]) == (201, "fact_check")
    address = f"/workflow/substages/{made.json['id']}"
    assert api.patch(address, {"stage": "authoring"}).json["stage"] == "authoring"
    assert api.patch(address, {"stage": "nowhere"}).status_code == 409
    assert api.patch(address, {"icon": "skull"}).status_code == 422
    found = api.get("/workflow/order").json
    ids = [row["id"] for row in api.get("/workflow/substages").json if row["stage"] == "authoring"]
    body = {"stage": "authoring", "order": [ids[-1], *ids[:-1]], "version": found["version"]}
    assert api.put("/workflow/substages/order", body).json["substages"][3] == "fact_check"
    assert api.get(f"{address}/archival").json["problems"] == []
    assert api.delete(address).status_code == 204 and api.get(address).json["is_in_use"] is False
    assert api.post(f"{address}/restoration", {}).json["is_in_use"] is True


def test_fields_are_added_changed_ordered_archived_and_restored(api, program, conn, ada, alice):
    body = {"substage": "research", "key": "sources", "name": "Sources", "kind": "list", "max_words": 50}
    made = api.post("/workflow/fields", body)
    assert (made.status_code, made.json["max_length"], made.json["max_words"]) == (201, 200_000, 50)
    assert api.post("/workflow/fields", body).status_code == 409
    address = f"/workflow/fields/{made.json['id']}"
    assert api.patch(address, {"max_words": None, "help": "One a line."}).json["max_words"] is None
    post = posts.create(conn, actor=alice, idea="kilts")
    write_post(conn, alice, post, "sources", "The museum")
    assert api.patch(address, {"key": "origins"}).status_code == 409
    ids = [row["id"] for row in api.get("/workflow/fields").json if row["substage"] == "research"]
    seen = api.get("/workflow/order").json["version"]
    ordered = api.put("/workflow/fields/order", {"substage": "research", "order": ids[::-1], "version": seen})
    assert ordered.json["fields"].index("sources") < ordered.json["fields"].index("topics_to_cover")
    assert api.get(f"{address}/archival").json["texts"] == 1
    assert api.delete(address).status_code == 204
    writer = program(alice)
    keys = [row["key"] for row in writer.get(f"/posts/{post.id}/fields").json]
    assert "sources" not in keys
    assert [row["text"] for row in writer.get(f"/posts/{post.id}/fields?archived=true").json] == ["The museum"]
    kept = writer.get(f"/posts/{post.id}/fields/sources").json
    assert kept["text"] == "The museum"
    late = writer.put(f"/posts/{post.id}/fields/sources", {"text": "New", "base_revision": kept["revision"]})
    assert late.status_code == 409 and "archived" in late.json["detail"]
    assert api.post(f"{address}/restoration", {}).json["is_in_use"] is True
    assert api.delete(f"/workflow/fields/{workflow.get_field(conn, key='idea_seed').id}").status_code == 409


def test_the_actions_of_a_field_are_put_in_order(api, conn, ada):
    template, field = make_template(conn, ada, inline("Write.")), workflow.get_field(conn, key="subtitle")
    ids = [
        actions.create(conn, actor=ada, field_id=field.id, name=name, template_id=template.id).id for name in ("A", "B")
    ]
    body = {"order": ids[::-1], "version": api.get("/workflow/order").json["version"]}
    answer = api.put(f"/workflow/fields/{field.id}/actions/order", body)
    assert [(row["name"], row["is_default"]) for row in answer.json] == [("B", True), ("A", False)]
    assert api.put(f"/workflow/fields/{field.id}/actions/order", body).status_code == 409
    assert api.put("/workflow/fields/999999/actions/order", body | {"version": body["version"] + 1}).status_code == 404


def test_editors_read_the_workflow_but_do_not_change_it(program, alice):
    api = program(alice)
    assert api.get("/workflow/order").status_code == 200
    assert api.post("/workflow/stages", {"name": "Mine"}).status_code == 403
    assert api.get("/workflow/fields/1/archival").status_code == 403
    assert api.delete("/workflow/fields/1").status_code == 403
    assert api.put("/workflow/stages/order", {"order": [1], "version": 1}).status_code == 403
