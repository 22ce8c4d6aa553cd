"""Circuits over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm.records.accounts import User

Program = Callable[[User], Any]


@pytest.fixture
def name(program: Program, ada: User) -> str:
    api = program(ada)
    provider = api.post("/llm/providers", {"name": "Groq", "kind": "groq", "api_key": "gsk_shared_key_1"}).json
    return f"model:{api.post('/llm/models', {'provider_id': provider['id'], 'name': 'llama'}).json['id']}"


def test_circuits_are_listed_opened_and_closed(program: Program, ada: User, name: str) -> None:
    api = program(ada)
    listed = api.get("/llm/circuits?page_size=2")
    assert len(listed.json) == 2 and '"total": 3' in listed.headers["X-Pagination"]
    assert api.get(f"/llm/circuits/{name}").json["state"] == "closed"
    opened = api.post(f"/llm/circuits/{name}/open", {"note": "dear"})
    assert opened.status_code == 200
    shown = {
        key: opened.json[key] for key in ("name", "kind", "model", "provider", "state", "by_hand", "reason", "until")
    }
    assert shown == {
        "name": name, "kind": "model", "model": "llama", "provider": "Groq", "state": "open", "by_hand": True,
        "reason": "stopped by Ada: dear", "until": None,
    }  # fmt: skip
    closed = api.post(f"/llm/circuits/{name}/close")
    assert (closed.status_code, closed.json["state"]) == (200, "closed")


def test_only_admins_move_them(program: Program, alice: User, charlie: User, name: str) -> None:
    for user in (alice, charlie):
        assert program(user).get(f"/llm/circuits/{name}").status_code == 200
        assert program(user).post(f"/llm/circuits/{name}/open", {}).status_code == 403
        assert program(user).post(f"/llm/circuits/{name}/close").status_code == 403


@pytest.mark.parametrize("unknown", ["model:99999", "nonsense", "key:1;drop", "topic:seo"])
def test_what_does_not_exist_is_not_found(program: Program, ada: User, name: str, unknown: str) -> None:
    for method, path in (("get", ""), ("post", "/open"), ("post", "/close")):
        body = {} if path == "/open" else None
        assert getattr(program(ada), method)(f"/llm/circuits/{unknown}{path}", body).status_code == 404


@pytest.mark.parametrize("note", ["x" * 201, "a\u0000b", 7])
def test_a_reason_that_does_not_fit_names_the_field(program: Program, ada: User, name: str, note: Any) -> None:
    answer = program(ada).post(f"/llm/circuits/{name}/open", {"note": note})
    assert answer.status_code == 422 and "note" in answer.json["errors"]
