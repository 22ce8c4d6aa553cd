"""The registry over the API: the contract's names, the right statuses, and no secret anywhere."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm.records.accounts import User

SECRET = "gsk_topsecret0123456789"
Program = Callable[[User], Any]


def create_provider(api: Any, **data: Any) -> Any:
    return api.post("/llm/providers", {"name": "Groq", "kind": "groq", "api_key": SECRET, **data})


def test_a_provider_is_created_listed_changed_and_archived(program: Program, ada: User) -> None:
    api = program(ada)
    made = create_provider(api, requests_per_minute=30, enabled=False)
    assert made.status_code == 201
    assert made.json["enabled"] is False and made.json["requests_per_minute"] == 30 and made.json["key_count"] == 1
    listed = api.get("/llm/providers?page_size=1")
    assert [provider["name"] for provider in listed.json] == ["Groq"]
    assert '"total": 1' in listed.headers["X-Pagination"]
    path = f"/llm/providers/{made.json['id']}"
    changed = api.patch(path, {"tokens_per_minute": 6000, "enabled": True})
    assert changed.status_code == 200
    assert (changed.json["tokens_per_minute"], changed.json["requests_per_minute"]) == (6000, 30)
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_the_shortest_and_the_longest_wait_are_taken_exactly(program: Program, ada: User) -> None:
    api = program(ada)
    model = {"provider_id": create_provider(api).json["id"], "name": "llama"}
    made = api.post("/llm/models", {**model, "idle_timeout_s": 0.1, "first_token_timeout_s": 3600})
    assert (made.json["idle_timeout_s"], made.json["first_token_timeout_s"]) == (0.1, 3600)
    path = f"/llm/models/{made.json['id']}"
    assert api.patch(path, {"idle_timeout_s": 0.09}).status_code == 422
    assert api.patch(path, {"idle_timeout_s": None}).json["idle_timeout_s"] is None


def test_a_taken_name_is_a_conflict(program: Program, ada: User) -> None:
    api = program(ada)
    create_provider(api)
    answer = create_provider(api)
    assert answer.status_code == 409
    assert "already a provider named Groq" in answer.json["detail"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "a\ud800b"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"kind": "pigeon"}, "kind"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"requests_per_minute": 2**40}, "requests_per_minute"),
        ({"requests_per_minute": "30"}, "requests_per_minute"),
        ({"base_url": "http://169.254.169.254/"}, "base_url"),
        ({"base_url": "http://ann:pw@example.com/"}, "base_url"),
        ({"base_url": "file:///etc/passwd"}, "base_url"),
        ({"api_key": "two words"}, "api_key"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_is_named_by_field(program: Program, ada: User, data: dict[str, Any], field: str) -> None:
    answer = create_provider(program(ada), **data)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert list(answer.json["errors"]) == [field]


def test_models_routes_and_presets_by_the_names_of_the_contract(program: Program, ada: User) -> None:
    api = program(ada)
    provider_id = create_provider(api).json["id"]
    first = api.post(
        "/llm/models",
        {"provider_id": provider_id, "name": "a", "context_window": 8192, "input_price": 0.59, "output_price": "0.79"},
    )
    assert first.status_code == 201
    assert (first.json["context_window"], first.json["input_price"]) == (8192, "0.59")
    second = api.post("/llm/models", {"provider_id": provider_id, "name": "b"})
    default = api.get("/llm/routes").json[0]
    assert default["is_default"] and default["model_ids"] == [first.json["id"]]
    order = [second.json["id"], first.json["id"]]
    route = api.post("/llm/routes", {"name": "Fast", "model_ids": order, "is_default": True})
    assert route.status_code == 201
    assert route.json["is_default"] and route.json["model_ids"] == order
    assert [model["name"] for model in route.json["models"]] == ["b", "a"]
    moved = api.patch(f"/llm/routes/{route.json['id']}", {"model_ids": order[::-1]})
    assert moved.json["model_ids"] == order[::-1]
    assert api.delete(f"/llm/models/{order[0]}").status_code == 409
    assert api.delete(f"/llm/routes/{route.json['id']}").status_code == 409
    assert api.delete(f"/llm/routes/{default['id']}").status_code == 204
    preset = api.post("/llm/presets", {"name": "Careful", "parameters": {"temperature": 0.2, "stop": ["###"]}})
    assert preset.status_code == 201
    assert preset.json["parameters"] == {"temperature": 0.2, "stop": ["###"]}
    changed = api.patch(f"/llm/presets/{preset.json['id']}", {"parameters": {"max_tokens": 50}})
    assert changed.json["parameters"] == {"max_tokens": 50}
    assert api.delete(f"/llm/presets/{preset.json['id']}").status_code == 204


@pytest.mark.parametrize(
    ("path", "data", "field"),
    [
        ("/llm/models", {"provider_id": 1, "name": "x", "input_price": "-1"}, "input_price"),
        ("/llm/models", {"provider_id": 1, "name": "x", "input_price": "NaN"}, "input_price"),
        ("/llm/models", {"provider_id": 1, "name": "x", "context_window": 0}, "context_window"),
        ("/llm/models", {"provider_id": 1, "name": "x", "max_in_flight": 0}, "max_in_flight"),
        ("/llm/models", {"provider_id": 1, "name": "x", "tokens_per_day": 1.5}, "tokens_per_day"),
        ("/llm/models", {"provider_id": 1, "name": "x", "refused_parameters": ["colour"]}, "refused_parameters"),
        ("/llm/models", {"name": "x"}, "provider_id"),
        ("/llm/routes", {"name": "x", "model_ids": ["1"]}, "model_ids"),
        ("/llm/presets", {"name": "x", "parameters": {"temperature": 3}}, "parameters.temperature"),
        ("/llm/presets", {"name": "x", "parameters": {"colour": 3}}, "parameters.colour"),
        ("/llm/keys", {"provider_id": 1}, "api_key"),
    ],
)
def test_bad_input_of_the_others_is_named_too(
    program: Program, ada: User, path: str, data: dict[str, Any], field: str
) -> None:
    api = program(ada)
    provider_id = create_provider(api).json["id"]
    answer = api.post(path, {**data, **({"provider_id": provider_id} if "provider_id" in data else {})})
    assert answer.status_code == 422
    assert any(name.startswith(field) for name in answer.json["errors"])


def test_a_route_over_a_model_that_is_not_there_is_not_found(program: Program, ada: User) -> None:
    answer = program(ada).post("/llm/routes", {"name": "x", "model_ids": [999999999]})
    assert answer.status_code == 404 and list(answer.json["errors"]) == ["model_ids"]


def test_readers_read_and_only_admins_write(program: Program, ada: User, alice: User, charlie: User) -> None:
    create_provider(program(ada))
    for user in (alice, charlie):
        api = program(user)
        for noun in ("providers", "models", "routes", "presets", "keys"):
            assert api.get(f"/llm/{noun}").status_code == 200
        assert create_provider(api, name="Mine").status_code == 403
        assert api.post("/llm/models", {"provider_id": 1, "name": "x"}).status_code == 403
        assert api.post("/llm/routes", {"name": "x"}).status_code == 403
        assert api.post("/llm/presets", {"name": "x", "parameters": {}}).status_code == 403
        assert api.post("/llm/providers/1/test").status_code == 403
        assert api.post("/llm/providers/1/discover").status_code == 403


def test_personal_keys_are_not_there_for_others(program: Program, ada: User, alice: User, bob: User) -> None:
    provider_id = create_provider(program(ada)).json["id"]
    mine = {"provider_id": provider_id, "api_key": "gsk_of_alice_9999", "name": "Mine"}
    assert program(alice).post("/llm/keys", mine).status_code == 403
    made = program(alice).post("/llm/keys", {**mine, "personal": True})
    assert made.status_code == 201
    assert (made.json["hint"], made.json["personal"]) == ("9999", True)
    path = f"/llm/keys/{made.json['id']}"
    for other in (bob, ada):
        api = program(other)
        assert made.json["id"] not in [key["id"] for key in api.get("/llm/keys").json]
        assert api.get(path).status_code == 404
        assert api.patch(path, {"enabled": False}).status_code == 404
        assert api.delete(path).status_code == 404
    shared = program(ada).get("/llm/keys").json[0]
    assert program(bob).get(f"/llm/keys/{shared['id']}").status_code == 403
    assert program(alice).patch(path, {"enabled": False}).json["enabled"] is False
    assert program(alice).delete(path).status_code == 204


def test_no_answer_and_no_log_carries_a_secret(program: Program, ada: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api = program(ada)
    made = create_provider(api)
    key_id = api.get("/llm/keys").json[0]["id"]
    answers = [
        made,
        api.get("/llm/providers"),
        api.get("/llm/keys"),
        api.get(f"/llm/keys/{key_id}"),
        api.patch(f"/llm/keys/{key_id}", {"api_key": SECRET}),
        create_provider(api),
        api.post("/llm/keys", {"provider_id": made.json["id"], "api_key": SECRET + " "}),
        api.post("/llm/keys", {"provider_id": made.json["id"], "api_key": SECRET + "é"}),
        api.patch(f"/llm/keys/{key_id}", {"api_key": [SECRET]}),
    ]
    for answer in answers:
        assert SECRET not in answer.get_data(as_text=True)
    assert SECRET not in caplog.text


def test_what_is_not_there_is_404(program: Program, ada: User) -> None:
    api = program(ada)
    for noun in ("providers", "models", "routes", "presets", "keys"):
        assert api.get(f"/llm/{noun}/999999999").status_code == 404
        assert api.delete(f"/llm/{noun}/999999999").status_code == 404
    assert api.post("/llm/providers/999999999/test").status_code == 404
    assert api.get(f"/llm/providers/{2**70}").status_code == 404


def test_models_have_limits_of_their_own(program: Program, ada: User) -> None:
    api = program(ada)
    limits = {"requests_per_minute": 3, "tokens_per_minute": 400, "requests_per_day": 50, "max_in_flight": 2}
    made = api.post("/llm/models", {"provider_id": create_provider(api).json["id"], "name": "a", **limits})
    assert limits.items() <= made.json.items() and made.json["tokens_per_day"] is None
    changed = api.patch(f"/llm/models/{made.json['id']}", {"requests_per_day": None})
    assert (changed.json["requests_per_day"], changed.json["max_in_flight"]) == (None, 2)
