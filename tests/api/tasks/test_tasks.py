"""Tasks over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.prompts import templates
from tests import factories
from tests.services.prompts.factories import inline, make_template

QUESTION = {"messages": [{"role": "user", "content": "Why does bread rise?"}]}


@pytest.fixture
def api(conn: db.Connection, program: Callable[[User], Any], alice: User) -> Any:
    factories.make_route(conn, model_ids=[factories.make_model(conn, name="echo", is_ai=False)])
    return program(alice)


def test_asking_answers_202_with_the_id(api: Any) -> None:
    answer = api.post("/llm/tasks", QUESTION)
    assert answer.status_code == 202
    assert answer.json["status"] == "queued"
    task = api.get(f"/llm/tasks/{answer.json['id']}").json
    assert task["messages"] == QUESTION["messages"]
    assert (task["output"], task["served_by"], task["error"], task["attempts"]) == (None, None, None, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "messages"),
        (QUESTION | {"template_id": 1}, "messages"),
        (QUESTION | {"route": "Default", "model": "echo"}, "model"),
        (QUESTION | {"deadline_s": 0}, "deadline_s"),
        (QUESTION | {"deadline_s": "5"}, "deadline_s"),
        (QUESTION | {"parameters": {"temperature": 3}}, "parameters.temperature"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": "a\x00b"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages.0.content"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        (QUESTION | {"unknown": 1}, "unknown"),
    ],
)
def test_bad_input_is_named_by_its_field(api: Any, body: Any, field: str) -> None:
    answer = api.post("/llm/tasks", body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert field in answer.json["errors"]


@pytest.mark.parametrize("whom", [{"route": "Nowhere"}, {"model": "nobody"}])
def test_whom_there_is_not_is_not_found_and_named(api: Any, whom: dict[str, str]) -> None:
    answer = api.post("/llm/tasks", QUESTION | whom)
    assert answer.status_code == 404 and list(answer.json["errors"]) == list(whom)


def test_a_repeated_post_with_the_same_key_makes_one_task(api: Any, conn: db.Connection) -> None:
    first = api.post("/llm/tasks", QUESTION, headers={"Idempotency-Key": "once"})
    again = api.post("/llm/tasks", QUESTION, headers={"Idempotency-Key": "once"})
    assert (again.status_code, again.json) == (202, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = api.post("/llm/tasks", QUESTION | {"deadline_s": 9}, headers={"Idempotency-Key": "once"})
    assert other.status_code == 422


def test_lists_are_read_by_cursor(api: Any) -> None:
    ids = [api.post("/llm/tasks", QUESTION).json["id"] for _ in range(5)]
    first = api.get("/llm/tasks?limit=3").json
    second = api.get(f"/llm/tasks?limit=3&after={first['next']}").json
    assert [row["id"] for row in first["items"] + second["items"]][:5] == ids[::-1]


def test_cancel_retry_and_rerun(api: Any) -> None:
    task_id = api.post("/llm/tasks", QUESTION).json["id"]
    assert api.post(f"/llm/tasks/{task_id}/retry").status_code == 409
    assert api.post(f"/llm/tasks/{task_id}/cancel").json["status"] == "cancelled"
    assert api.post(f"/llm/tasks/{task_id}/retry").json["status"] == "queued"
    again = api.post(f"/llm/tasks/{task_id}/rerun").json["id"]
    assert api.get(f"/llm/tasks/{again}").json["rerun_of"] == task_id


def test_a_version_is_named_and_an_override_marked(api: Any, conn: db.Connection, ada: User) -> None:
    template = make_template(conn, ada, inline("Shorten {{ basic_idea }}."))
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("Praise {{ basic_idea }}.")])
    body = {"template_id": template.id, "version": 1, "inputs": {"basic_idea": "kilts"}}
    plain = api.get(f"/llm/tasks/{api.post('/llm/tasks', body).json['id']}").json
    assert (plain["template_version"], plain["is_override"]) == (1, False)
    assert plain["messages"][0]["content"] == "Shorten kilts."
    said = [{"role": "user", "content": "Kilts, briefly."}]
    edited = api.get(f"/llm/tasks/{api.post('/llm/tasks', body | {'override': said}).json['id']}").json
    assert (edited["is_override"], edited["messages"]) == (True, said)
    assert api.get("/llm/tasks?limit=1").json["items"][0]["is_override"] is True
    for more in ({"version": 9}, {"override": []}, {"inputs": {}}):
        assert api.post("/llm/tasks", body | more).status_code in {404, 422}
    for more in ({"version": 1}, {"override": said}):
        assert api.post("/llm/tasks", QUESTION | more).status_code == 422


def test_a_rerun_says_which_prompt_and_is_compared(api: Any, conn: db.Connection, ada: User) -> None:
    template = make_template(conn, ada, inline("Shorten {{ basic_idea }}."))
    body = {"template_id": template.id, "inputs": {"basic_idea": "kilts"}}
    old = api.post("/llm/tasks", body).json["id"]
    assert api.get(f"/llm/tasks/{old}/comparison").json["is_same_prompt"] is True
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("Praise {{ basic_idea }}.")])
    same = api.post(f"/llm/tasks/{old}/rerun").json["id"]
    new = api.post(f"/llm/tasks/{old}/rerun", {"prompt": "current"}).json["id"]
    asked = [api.get(f"/llm/tasks/{each}").json["messages"][0]["content"] for each in (old, same, new)]
    assert asked == ["Shorten kilts.", "Shorten kilts.", "Praise kilts."]
    found = api.get(f"/llm/tasks/{old}/comparison?other={new}").json
    assert (found["is_same_prompt"], found["output"]) == (False, None)
    assert {"kind": "added", "text": "Praise"} in found["prompt"]
    assert api.post(f"/llm/tasks/{old}/rerun", {"prompt": "newest"}).status_code == 422
    free = api.post("/llm/tasks", QUESTION).json["id"]
    assert api.get(f"/llm/tasks/{free}/comparison").status_code == 409
    assert api.get(f"/llm/tasks/{free}/comparison?other=987654321").status_code == 404


def test_viewers_read_but_do_not_spend(api: Any, program: Callable[[User], Any], charlie: User) -> None:
    task_id = api.post("/llm/tasks", QUESTION).json["id"]
    reader = program(charlie)
    assert reader.get(f"/llm/tasks/{task_id}").status_code == 200
    assert reader.post("/llm/tasks", QUESTION).status_code == 403
    assert reader.post(f"/llm/tasks/{task_id}/cancel").status_code == 403


def test_without_a_token_there_is_nothing(api: Any) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}):
        answer = api.get("/llm/tasks", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert api.get("/llm/tasks/987654321").status_code == 404
    assert api.get("/llm/tasks/987654321/stream").status_code == 404
