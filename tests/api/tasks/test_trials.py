"""The task runner over the API: one question, several answers side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.prompts import Template
from blogforge_llm.services.editorial import fields, posts
from tests import factories
from tests.services.prompts.factories import inline, make_template

Program = Callable[[User], Any]
COLUMNS = [{"model": "llama"}, {"model": "qwen"}]


@pytest.fixture(autouse=True)
def models(conn: db.Connection) -> None:
    ids = [factories.make_model(conn, name=name) for name in ("llama", "qwen")]
    factories.make_route(conn, model_ids=ids)


@pytest.fixture
def template(conn: db.Connection, ada: User) -> Template:
    return make_template(conn, ada, inline("Shorten {{ basic_idea }}. {% for item in tags %}[{{ item }}]{% endfor %}"))


def body(template: Template, **more: Any) -> dict[str, Any]:
    return {"template_id": template.id, "inputs": {"basic_idea": "a guide", "tags": ["kilts", "wool"]}} | more


def test_a_trial_asks_each_and_shows_them_in_order(program: Program, alice: User, template: Template) -> None:
    api = program(alice)
    made = api.post("/llm/trials", body(template, ask=COLUMNS))
    assert made.status_code == 202 and made.headers["Location"].endswith(f"/llm/trials/{made.json['id']}")
    shown = api.get(f"/llm/trials/{made.json['id']}").json
    assert [task["status"] for task in shown["tasks"]] == ["queued", "queued"]
    tasks = [api.get(f"/llm/tasks/{task['id']}").json for task in shown["tasks"]]
    assert {task["messages"][0]["content"] for task in tasks} == {"Shorten a guide. [kilts][wool]"}
    [row] = api.get("/llm/trials").json["items"]
    assert row["id"] == shown["id"] and [task["id"] for task in row["tasks"]] == [task["id"] for task in tasks]


def test_without_columns_the_default_route_is_asked_once(program: Program, alice: User, template: Template) -> None:
    assert len(program(alice).post("/llm/trials", body(template)).json["tasks"]) == 1


def test_a_post_fills_what_was_left_out(program: Program, conn: db.Connection, alice: User, template: Template) -> None:
    post = posts.create(conn, actor=alice, idea="kilts")
    for key, text in (("basic_idea", "Its idea"), ("tags", "one\ntwo")):
        fields.save(conn, actor=alice, post_id=post.id, field_key=key, text=text, base_revision_id=None)
    api, given = program(alice), {"template_id": template.id, "inputs": {"basic_idea": "mine"}, "post_id": post.id}
    trial = api.post("/llm/trials", given).json
    task = api.get(f"/llm/tasks/{trial['tasks'][0]['id']}").json
    assert trial["post_id"] == post.id and task["messages"][0]["content"] == "Shorten mine. [one][two]"


def test_cancelling_stops_all_of_it(program: Program, alice: User, template: Template) -> None:
    api = program(alice)
    trial = api.post("/llm/trials", body(template, ask=COLUMNS)).json
    stopped = api.post(f"/llm/trials/{trial['id']}/cancel").json
    assert [task["status"] for task in stopped["tasks"]] == ["cancelled", "cancelled"]


def test_trials_are_ones_own_and_admins_see_all(
    program: Program, alice: User, bob: User, ada: User, template: Template
) -> None:
    trial = program(alice).post("/llm/trials", body(template)).json
    for method, path in (("get", ""), ("post", "/cancel")):
        assert getattr(program(bob), method)(f"/llm/trials/{trial['id']}{path}").status_code == 404
    assert program(bob).get("/llm/trials?everybody=true").json["items"] == []
    assert program(ada).get("/llm/trials").json["items"] == []
    assert [row["id"] for row in program(ada).get("/llm/trials?everybody=true").json["items"]] == [trial["id"]]
    assert program(ada).get(f"/llm/trials/{trial['id']}").json["created_by"] == "Alice"


def test_viewers_run_nothing(program: Program, charlie: User, template: Template) -> None:
    assert program(charlie).post("/llm/trials", body(template)).status_code == 403


def test_the_list_goes_on_with_its_cursor(program: Program, alice: User, template: Template) -> None:
    api = program(alice)
    ids = [api.post("/llm/trials", body(template)).json["id"] for _ in range(3)]
    first = api.get("/llm/trials?limit=2").json
    rest = api.get(f"/llm/trials?limit=2&after={first['next']}").json
    assert [row["id"] for row in first["items"] + rest["items"]] == ids[::-1] and rest["next"] is None


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"ask": []}, 422, "ask"),
        ({"ask": [{}] * 5}, 422, "ask"),
        ({"ask": [{"route": "Default", "model": "llama"}]}, 422, "model"),
        ({"ask": [{"model": "nobody"}]}, 404, "model"),
        ({"inputs": {"tags": ["x"]}}, 422, "inputs.basic_idea"),
        ({"inputs": {"basic_idea": 7}}, 422, "inputs.basic_idea"),
        ({"deadline_s": 0}, 422, "deadline_s"),
    ],
)
def test_what_cannot_be_run_is_named_and_nothing_is_asked(
    program: Program, conn: db.Connection, alice: User, template: Template, more: Any, status: int, field: str
) -> None:
    answer = program(alice).post("/llm/trials", body(template) | more)
    assert answer.status_code == status and field in answer.json["errors"], answer.text
    assert conn.execute("SELECT 1 FROM tasks").fetchone() is None


@pytest.mark.parametrize("name", ["template_id", "post_id"])
def test_what_is_not_there_is_not_found(program: Program, alice: User, template: Template, name: str) -> None:
    assert program(alice).post("/llm/trials", body(template) | {name: 2**60}).status_code == 404
