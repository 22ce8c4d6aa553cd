from __future__ import annotations

from collections.abc import Callable

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from tests import factories
from tests.conftest import ApiClient

Program = Callable[[User], ApiClient]
PART = {"name": "Plain words", "kind": "style", "role": "user", "content": "Use short words.", "notes": "Ann's."}


def test_a_program_proposes_looks_at_the_impact_and_another_publishes(
    conn: db.Connection, program: Program, ada: User
) -> None:
    author, other = program(ada), program(factories.make_user(conn, name="Bea", role="admin"))
    part = author.post("/llm/parts", PART).json
    assert part["notes"] == "Ann's." and part["waiting_version"] is None
    body = {"name": "Opening", "blocks": [{"part_id": part["id"]}], "needs_approval": True}
    template = author.post("/llm/templates", body).json
    assert template["needs_approval"] and author.get(f"/llm/parts/{part['id']}/usages").json[0]["name"] == "Opening"
    place = f"/llm/parts/{part['id']}"
    assert author.patch(place, {"content": "Use words."}).status_code == 409
    assert author.post(f"{place}/versions", {"content": "Use words."}).status_code == 201
    impact = author.get(f"{place}/versions/2/impact").json
    assert impact["count"] == 1 and impact["guarding"] == ["Opening"] and impact["problems"] == []
    assert [run["text"] for run in impact["changed"][0]["changes"] if run["kind"] == "removed"] == [" short"]
    assert author.put(f"{place}/published", {"version": 2}).status_code == 403
    proposal = other.get("/llm/proposals").json[0]
    assert (proposal["noun"], proposal["id"], proposal["version"]) == ("part", part["id"], 2)
    assert other.put(f"{place}/published", {"version": 2}).json["version"] == 2
    assert other.get("/llm/proposals").json == []
    compared = other.get(f"{place}/comparison?old=1&new=2").json
    assert (compared["old"], compared["new"]) == (1, 2) and compared["source"] and compared["resolved"]
    assert other.put(f"{place}/published", {"version": 1}).json["content"] == "Use short words."


def test_a_proposal_is_declined_once(program: Program, ada: User) -> None:
    api = program(ada)
    place = f"/llm/parts/{api.post('/llm/parts', PART).json['id']}"
    api.post(f"{place}/versions", {"content": "Use words."})
    assert api.post(f"{place}/versions/2/refusal").json["waiting_version"] is None
    assert api.post(f"{place}/versions/2/refusal").status_code == 409
    assert api.get(f"{place}/versions/2").json["declined_at"] is not None


def test_a_typed_variable_must_be_named_when_any_is(program: Program, ada: User) -> None:
    api = program(ada)
    body = {"name": "Opening", "blocks": [{"role": "user", "content": "{{ basic_idea }} for {{ audience }}"}]}
    refused = api.post("/llm/templates", body | {"typed": []})
    assert refused.status_code == 409 and list(refused.json["errors"]) == ["blocks.0.content"]
    assert "`audience`" in refused.json["detail"] and "Message 1" in refused.json["detail"]
    assert api.post("/llm/templates", body | {"typed": ["audience"]}).status_code == 201


def test_a_preview_tells_sizes_and_prices_and_takes_a_posts_texts(
    conn: db.Connection, program: Program, ada: User
) -> None:
    api = program(ada)
    model = factories.make_model(conn, name="small", input_price="1", output_price="2")
    conn.execute("UPDATE models SET context_window = 50 WHERE id = %s", (model,))
    factories.make_route(conn, model_ids=[model])
    post = api.post("/posts", {"idea": "Kilts"}).json
    api.put(f"/posts/{post['id']}/fields/basic_idea", {"text": "Kilts at weddings.", "base_revision": None})
    body = {"name": "Opening", "blocks": [{"role": "user", "content": "About {{ basic_idea }}"}]}
    place = f"/llm/templates/{api.post('/llm/templates', body).json['id']}/preview"
    seen = api.post(place, {"post_id": post["id"], "max_tokens": 100}).json
    assert seen["messages"][0]["content"] == "About Kilts at weddings."
    size = seen["sizes"][0]
    assert size["model"] == "small" and size["too_long"] and size["tokens"] == seen["tokens"] == 6
    assert float(size["cost_from"]) == 6e-6 and float(size["cost_to"]) == 206e-6
    assert not api.post(place, {"post_id": post["id"], "max_tokens": 10}).json["sizes"][0]["too_long"]
    assert api.post(place, {"post_id": 999999}).status_code == 409
    assert api.post(place, {"post_id": post["id"], "route": "No such"}).status_code == 409
