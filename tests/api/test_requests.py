"""What a request must satisfy before its view, and what every answer to a POST says."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.editorial import fields, posts
from tests import factories

Program = Callable[[User], Any]

LISTS = [
    "/llm/providers", "/llm/models", "/llm/parts", "/llm/actions", "/llm/templates", "/llm/keys", "/llm/presets",
    "/llm/routes", "/posts", "/users", "/tokens", "/settings",
]  # fmt: skip


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", None])
def test_an_edit_sent_as_another_type_is_refused_and_not_lost(
    program: Program, conn: db.Connection, alice: User, content_type: str | None
) -> None:
    post = posts.create(conn, actor=alice, idea="Bread")
    suggestion = factories.make_suggestion(conn, post=post, actor=alice)
    answer = program(alice).post(
        f"/suggestions/{suggestion}/accept", data='{"text": "My own words."}', content_type=content_type
    )
    assert answer.status_code == 415 and answer.content_type == "application/problem+json"
    assert "Content-Type: application/json" in answer.json["detail"]
    assert fields.get(conn, post_id=post.id, field_key="basic_idea").revision is None


def test_optional_bodies_may_be_left_out_and_may_name_a_charset(
    program: Program, conn: db.Connection, alice: User
) -> None:
    post = posts.create(conn, actor=alice, idea="Bread")
    api = program(alice)
    suggestion = factories.make_suggestion(conn, post=post, actor=alice)
    assert api.post(f"/suggestions/{suggestion}/accept").status_code == 200
    first = fields.get(conn, post_id=post.id, field_key="basic_idea").revision
    assert first is not None
    body = f'{{"text": "Mine.", "base_revision": {first.id}}}'
    suggestion = factories.make_suggestion(conn, post=post, actor=alice)
    answer = api.post(f"/suggestions/{suggestion}/accept", data=body, content_type="application/json; charset=utf-8")
    assert answer.status_code == 200


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "[" * 5_000 + "]" * 5_000, '{"a": ' + "[" * 999])
@pytest.mark.parametrize("path", ["/posts", "/llm/library", "/llm/tasks", "/settings/cors_origins"])
def test_json_that_is_nested_too_deep_is_refused(program: Program, ada: User, path: str, text: str) -> None:
    api = program(ada)
    send = api.put if path.startswith("/settings") else api.post
    answer = send(path, data=text, content_type="application/json")
    assert answer.status_code == 400 and "nested deeper" in answer.json["detail"]


def test_brackets_in_texts_are_no_nesting(program: Program, alice: User) -> None:
    assert program(alice).post("/posts", {"idea": "[{" * 500 + '\\"[['}).status_code == 201


@pytest.mark.parametrize("path", LISTS)
def test_no_page_is_too_far_for_the_database(program: Program, ada: User, path: str) -> None:
    api = program(ada)
    for page in (2**63 - 1, 10**30):
        answer = api.get(f"{path}?page={page}&page_size=100")
        assert answer.status_code == 422 and "page" in answer.json["errors"]
    answer = api.get(f"{path}?page=1000000000&page_size=100")
    assert answer.status_code == 200 and answer.json == [] and "X-Pagination" in answer.headers


def test_a_body_without_a_length_is_refused_where_it_grows_too_large(app: Flask, program: Program, alice: User) -> None:
    api = program(alice)
    too_large = io.BytesIO(b'{"idea": "' + b"x" * (9 << 20) + b'"}')
    chunked = {"wsgi.input_terminated": True}
    answer = api.post(
        "/posts", input_stream=too_large, environ_overrides=chunked, content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
    )  # fmt: skip
    assert answer.status_code == 413
    short = io.BytesIO(b'{"idea": "Bread"}')
    answer = api.post(
        "/posts", input_stream=short, environ_overrides=chunked, content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
    )  # fmt: skip
    assert answer.status_code == 201


def test_what_was_made_can_be_read_at_its_location(program: Program, ada: User) -> None:
    api = program(ada)
    part = {"name": "Plain", "kind": "style", "role": "system", "content": "Short words."}
    template = {"name": "Teaser", "blocks": [{"role": "user", "content": "Hi"}]}
    made = {
        "/posts": {"idea": "Bread"}, "/llm/providers": {"name": "Mine", "kind": "groq"}, "/llm/parts": part,
        "/llm/templates": template, "/llm/presets": {"name": "Steady", "parameters": {}}, "/llm/routes": {"name": "R"},
        "/users": {"name": "N", "email": "n@example.org", "role": "viewer", "password": "few unrelated words"},
    }  # fmt: skip
    for path, body in made.items():
        answer = api.post(path, body)
        assert answer.status_code == 201, answer.json
        assert answer.headers["Location"] == f"/api/v1{path}/{answer.json['id']}"
        assert api.get(answer.headers["Location"].removeprefix("/api/v1")).json["id"] == answer.json["id"]


@pytest.mark.parametrize("noun", ["parts", "templates"])
def test_a_version_that_is_there_already_is_not_made_again(program: Program, ada: User, noun: str) -> None:
    api = program(ada)
    first, other = {"content": "Short words."}, {"content": "Few words."}
    about = {"name": "Plain", "kind": "style", "role": "system"}
    if noun == "templates":
        about = {"name": "Teaser"}
        first, other = ({"blocks": [{"role": "user", "content": text}]} for text in ("Hi", "Ho"))
    versions = f"/llm/{noun}/{api.post(f'/llm/{noun}', about | first).json['id']}/versions"
    assert (api.post(versions, first).status_code, len(api.get(versions).json)) == (200, 1)
    made = api.post(versions, other)
    assert (made.status_code, made.headers["Location"]) == (201, f"/api/v1{versions}/2")
    assert api.get(f"{versions}/2").json == made.json
    again = api.post(versions, other)
    assert (again.status_code, again.json["number"]) == (200, 2)
    assert api.get(f"{versions}/3").status_code == 404


def test_tasks_and_suggestions_say_where_to_follow_them(program: Program, conn: db.Connection, alice: User) -> None:
    api = program(alice)
    factories.make_route(conn, model_ids=[factories.make_model(conn)])
    task = api.post("/llm/tasks", {"messages": [{"role": "user", "content": "Hi"}]})
    assert task.headers["Location"] == f"/api/v1/llm/tasks/{task.json['id']}"
    stopped = api.post(f"/llm/tasks/{task.json['id']}/cancel")
    assert stopped.headers["Location"] == task.headers["Location"]
    again = api.post(f"/llm/tasks/{task.json['id']}/rerun")
    assert again.headers["Location"] == f"/api/v1/llm/tasks/{again.json['id']}" != task.headers["Location"]


def test_a_model_of_two_providers_must_be_named_with_its_provider(
    program: Program, conn: db.Connection, alice: User
) -> None:
    factories.make_model(conn, name="llama", provider="Groq")
    second = factories.make_model(conn, name="llama", provider="My/server")
    post = posts.create(conn, actor=alice, idea="Bread")
    api, messages = program(alice), [{"role": "user", "content": "Hi"}]
    for answer in (
        api.post("/llm/tasks", {"messages": messages, "model": "llama"}),
        api.post(f"/posts/{post.id}/fields/basic_idea/suggestions", {"model": "llama"}),
    ):
        assert answer.status_code == 409
        assert "Groq/llama or My/server/llama" in answer.json["errors"]["model"][0]
    task = api.post("/llm/tasks", {"messages": messages, "model": "my/Server/llama"}).json
    row = conn.execute("SELECT model_id FROM tasks WHERE id = %s", (task["id"],)).fetchone()
    assert row == {"model_id": second}


def test_settings_come_in_pages_like_every_list(program: Program, ada: User) -> None:
    api = program(ada)
    everything = [setting["key"] for setting in api.get("/settings?page_size=100").json]
    pages = [[setting["key"] for setting in api.get(f"/settings?page={page}&page_size=2").json] for page in (1, 2, 99)]
    assert pages == [everything[:2], everything[2:4], []]
    assert f'"total": {len(everything)},' in api.get("/settings?page_size=1").headers["X-Pagination"]
