"""Drafting sections and running ahead over the API: planned, started as a batch, seen by all, kept to its owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import actions, library
from tests import factories
from tests.services.editorial.structure import find, make_post, write_post

Program = Callable[[User], Any]


@pytest.fixture
def post(conn: db.Connection, ada: User, alice: User) -> Post:
    library.import_(conn, actor=ada, library=library.starter())
    factories.make_route(conn, model_ids=[factories.make_model(conn, name="llama", provider="Groq")])
    post = make_post(conn, alice, "Origins", "Tartans")
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    return post


@pytest.fixture
def action(conn: db.Connection, post: Post) -> int:
    return next(each.id for each in actions.list_(conn) if each.field_key == "section_draft")


def test_sections_are_planned_started_and_read(
    conn: db.Connection, program: Program, alice: User, post: Post, action: int
) -> None:
    api = program(alice)
    section_id = find(conn, post, "Tartans").id
    made = api.post(f"/posts/{post.id}/drafts", {"action_ids": [action], "section_ids": [section_id]})
    assert made.status_code == 201 and made.headers["Location"].endswith(f"/runs/{made.json['id']}")
    run = made.json
    assert (run["scope"], run["accepts"], run["batch"]["status"], run["batch"]["waiting"]) == (
        "drafts", "nothing", "draft", 1,
    )  # fmt: skip
    assert run["steps"][0]["target"] == {
        "field": "section_draft", "name": "Draft", "section_id": section_id, "section_code": "S2",
    }  # fmt: skip
    assert api.post(f"/batches/{run['id']}/start").status_code == 202
    (step,) = api.get(f"/runs/{run['id']}").json["steps"]
    assert step["status"] == "queued" and step["round"] == 1
    assert api.get(f"/suggestions/{step['suggestion_id']}").json["status"] == "running"
    assert [each["id"] for each in api.get(f"/posts/{post.id}/runs").json["items"]] == [run["id"]]


def test_running_ahead_says_what_it_leaves_out_and_why(program: Program, alice: User, post: Post) -> None:
    run = program(alice).post(f"/posts/{post.id}/runs", {"scope": "substage:idea", "accepts": "empty"}).json
    assert [step["target"]["field"] for step in run["steps"]] == ["provisional_title", "idea_scope"]
    assert {each["target"]["field"]: each["stops"] for each in run["left_out"]} == {
        "idea_seed": False, "basic_idea": False,
    }  # fmt: skip


def test_a_repeated_plan_is_one_plan(program: Program, alice: User, post: Post, action: int) -> None:
    api, key = program(alice), {"Idempotency-Key": "the same"}
    first, second = (api.post(f"/posts/{post.id}/drafts", {"action_ids": [action]}, headers=key) for _ in range(2))
    assert first.json == second.json
    assert len(api.get(f"/posts/{post.id}/runs").json["items"]) == 1


def test_others_see_a_run_and_cannot_change_it(
    program: Program, alice: User, bob: User, charlie: User, post: Post, action: int
) -> None:
    run = program(alice).post(f"/posts/{post.id}/drafts", {"action_ids": [action]}).json["id"]
    assert program(bob).get(f"/runs/{run}").status_code == program(charlie).get(f"/runs/{run}").status_code == 200
    assert program(bob).post(f"/batches/{run}/start").status_code == 404
    assert program(charlie).post(f"/posts/{post.id}/drafts", {"action_ids": [action]}).status_code == 403
    assert program(charlie).post(f"/posts/{post.id}/runs", {}).status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("drafts", {}, 422), ("drafts", {"action_ids": []}, 422),
        ("drafts", {"action_ids": [1], "section_ids": []}, 422),
        ("drafts", {"action_ids": [10**15]}, 409), ("runs", {"scope": "stage:nowhere"}, 409),
        ("runs", {"scope": "everything"}, 409), ("runs", {"accepts": "all"}, 422), ("runs", {"budget": "-1"}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused(
    program: Program, alice: User, post: Post, path: str, body: dict[str, Any], status: int
) -> None:
    assert program(alice).post(f"/posts/{post.id}/{path}", body).status_code == status


def test_what_is_not_there_is_a_404(program: Program, alice: User, action: int) -> None:
    api = program(alice)
    assert api.get("/runs/0").status_code == api.get("/posts/0/runs").status_code == 404
    assert api.post("/posts/0/runs", {}).status_code == 404
    assert api.post("/posts/0/drafts", {"action_ids": [action]}).status_code == 404
