"""Suggestions over the API: asked for, read, accepted, discarded."""

from __future__ import annotations

import pytest

from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import actions, posts, workflow
from tests import factories
from tests.services.prompts.factories import inline, make_template


@pytest.fixture
def post(conn, alice) -> Post:
    return posts.create(conn, actor=alice, idea="kilts for weddings")


@pytest.fixture
def asking(conn, ada, post) -> str:
    """Where to ask, with an action and a model to ask."""
    model_id = factories.make_model(conn, name="llama", provider="Groq")
    factories.make_route(conn, model_ids=[model_id], name="Default")
    template = make_template(conn, ada, inline("Expand {{ idea_seed }}."))
    field = workflow.get_field(conn, key="basic_idea")
    actions.create(conn, actor=ada, field_id=field.id, name="Expand", template_id=template.id)
    return f"/posts/{post.id}/fields/basic_idea/suggestions"


def test_asking_answers_at_once_with_a_list(program, alice, asking):
    answer = program(alice).post(asking, {"count": 2, "model": "llama", "parameters": {"temperature": 0.5}})
    assert answer.status_code == 202
    assert [(s["status"], s["field"], s["action"], s["text"]) for s in answer.json] == [
        ("running", "basic_idea", "Expand", None)
    ] * 2
    assert program(alice).get(f"/suggestions/{answer.json[0]['id']}").json == answer.json[0]
    task = program(alice).get(f"/llm/tasks/{answer.json[0]['task_id']}").json
    assert task["messages"] == [{"role": "user", "content": "Expand kilts for weddings."}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"count": 5}, "count"), ({"count": 0}, "count"), ({"route": 7}, "route"), ({"model": ""}, "model"),
        ({"route": "Default", "model": "llama"}, "model"), ({"action_id": 0}, "action_id"),
        ({"parameters": {"temperature": 9}}, "parameters.temperature"), ({"unknown": 1}, "unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_a_problem_of_that_field(program, alice, asking, body, field):
    answer = program(alice).post(asking, body)
    assert answer.status_code == 422
    assert field in answer.json["errors"]


@pytest.mark.parametrize("whom", [{"route": "Nobody"}, {"model": "none"}, {"action_id": 2**40}])
def test_what_is_named_and_is_not_there_is_a_conflict_since_the_field_is(program, alice, asking, whom):
    answer = program(alice).post(asking, whom)
    assert answer.status_code == 409 and list(answer.json["errors"]) == list(whom)


def test_an_empty_field_that_the_prompt_needs_is_named(conn, program, ada, alice, post, asking):
    template = make_template(conn, ada, inline("Facts: {{ interesting_facts }}"))
    field = workflow.get_field(conn, key="conclusion")
    actions.create(conn, actor=ada, field_id=field.id, name="End", template_id=template.id)
    answer = program(alice).post(f"/posts/{post.id}/fields/conclusion/suggestions", {})
    assert answer.status_code == 409
    assert list(answer.json["errors"]) == ["interesting_facts"]


def test_without_an_action_it_says_where_to_add_one(program, alice, post):
    answer = program(alice).post(f"/posts/{post.id}/fields/tags/suggestions", {})
    assert answer.status_code == 409
    assert "has no action yet" in answer.json["detail"]


def test_a_suggestion_is_accepted_as_it_is_without_any_body(conn, program, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, output="Better.")
    answer = program(alice).post(f"/suggestions/{suggestion_id}/accept")
    assert (answer.status_code, answer.json["status"], answer.json["decided_by"]) == (200, "accepted", "Alice")
    field = program(alice).get(f"/posts/{post.id}/fields/basic_idea").json
    assert (field["text"], field["revision"]) == ("Better.", answer.json["revision"])
    revision = program(alice).get(f"/posts/{post.id}/fields/basic_idea/revisions").json["items"][0]
    assert (revision["origin"], revision["suggestion_id"], revision["cost"]) == (
        "accepted", suggestion_id, "0.000412",
    )  # fmt: skip


def test_a_field_that_moved_on_makes_a_conflict_until_its_revision_is_named(conn, program, alice, bob, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, output="Better.")
    body = {"text": "Bob's", "base_revision": None}
    theirs = program(bob).put(f"/posts/{post.id}/fields/basic_idea", body).json
    answer = program(alice).post(f"/suggestions/{suggestion_id}/accept", {})
    assert (answer.status_code, answer.json["current"]["text"]) == (409, "Bob's")
    body = {"text": "Both.", "base_revision": theirs["revision"]}
    assert program(alice).post(f"/suggestions/{suggestion_id}/accept", body).json["status"] == "edited"


def test_accepting_twice_tells_who_was_first(conn, program, alice, bob, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    program(bob).post(f"/suggestions/{suggestion_id}/accept")
    answer = program(alice).post(f"/suggestions/{suggestion_id}/accept")
    assert answer.status_code == 409
    assert "Bob already accepted" in answer.json["detail"]


def test_discarding_twice_is_discarding_once(conn, program, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    for _ in range(2):
        assert program(alice).post(f"/suggestions/{suggestion_id}/discard").json["status"] == "discarded"


def test_a_failed_suggestion_tells_why(conn, program, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, status="failed", category="timeout")
    found = program(alice).get(f"/suggestions/{suggestion_id}").json
    assert (found["status"], found["error"]["category"]) == ("failed", "timeout")


def test_a_viewer_reads_but_decides_nothing(conn, program, alice, charlie, post, asking):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    api = program(charlie)
    assert api.get(f"/suggestions/{suggestion_id}").status_code == 200
    assert [s["id"] for s in api.get(asking).json["items"]] == [suggestion_id]
    assert api.post(asking, {}).status_code == 403
    for verb in ("accept", "discard"):
        assert api.post(f"/suggestions/{suggestion_id}/{verb}").status_code == 403


@pytest.mark.parametrize("suggestion_id", [0, 2**62, 10**30])
def test_an_unknown_suggestion_is_not_found(program, alice, suggestion_id):
    api = program(alice)
    assert api.get(f"/suggestions/{suggestion_id}").status_code == 404
    assert api.post(f"/suggestions/{suggestion_id}/accept").status_code == 404
    assert api.post(f"/suggestions/{suggestion_id}/discard").status_code == 404
