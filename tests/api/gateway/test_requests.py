"""What /v1 refuses, always in OpenAI's shape and by the field's name; any body at all gets an answer."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.api.gateway import asking
from blogforge_llm.api.gateway.errors import OF_CATEGORY
from blogforge_llm.api.gateway.requests import _UNSUPPORTED
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import Category
from blogforge_llm.services.accounts import tokens

URL = "/v1/chat/completions"
GOOD: dict[str, Any] = {"model": "nobody", "messages": [{"role": "user", "content": "Why does bread rise?"}]}
SCHEMA = {"name": "answer", "schema": {"type": "object"}, "strict": None}
Post = Callable[..., Any]


@pytest.fixture
def post(app: Flask, conn: db.Connection, alice: User) -> Post:
    _, token = tokens.create(conn, actor=alice, name="test")
    client: FlaskClient = app.test_client()
    usual = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(body: Any, headers: dict[str, str] | None = None) -> Any:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return client.post(URL, data=data, headers=usual | (headers or {}), buffered=True)

    return send


def assert_is_refusal(answer: Any, status: int, param: str | None, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/json"
    error = answer.json["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["param"], error["code"]) == (param, code), error
    assert param is None or param in error["message"] or param == "body"


@pytest.mark.parametrize(
    ("extra", "param", "code"),
    [
        ({"n": 2}, "n", "unsupported_parameter"),
        ({"n": True}, "n", "unsupported_parameter"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "unsupported_parameter"),
        ({"functions": [{"name": "f"}]}, "functions", "unsupported_parameter"),
        ({"logprobs": True}, "logprobs", "unsupported_parameter"),
        ({"frequency_penalty": 3}, "frequency_penalty", "invalid_value"),
        ({"logit_bias": {"50256": -100}}, "logit_bias", "unsupported_parameter"),
        ({"reasoning_effort": "lots"}, "reasoning_effort", "invalid_value"),
        ({"metadata": {"a": "b"}}, "metadata", "unsupported_parameter"),
        ({"modalities": ["text", "audio"]}, "modalities", "unsupported_parameter"),
        ({"top_k": 5}, "top_k", "unsupported_parameter"),
        ({"ignore_eos": True}, "ignore_eos", "unsupported_parameter"),
        ({"tool_choice": "required"}, "tool_choice", "unsupported_parameter"),
        ({"top_logprobs": False}, "top_logprobs", "unsupported_parameter"),
        ({"top_a": 5}, "top_a", "unknown_parameter"),
        ({"temprature": 0.5}, "temprature", "unknown_parameter"),
        ({"temperature": 3}, "temperature", "invalid_value"),
        ({"temperature": "0.5"}, "temperature", "invalid_value"),
        ({"temperature": True}, "temperature", "invalid_value"),
        ({"top_p": -1}, "top_p", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"max_tokens": 1.5}, "max_tokens", "invalid_value"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens", "invalid_value"),
        ({"seed": 2**70}, "seed", "invalid_value"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "invalid_value"),
        ({"stop": [1]}, "stop.0", "invalid_value"),
        ({"stream": "yes"}, "stream", "invalid_value"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
        ({"stream": True, "stream_options": {"x": 1}}, "stream_options.x", "unknown_parameter"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format.json_schema.name", None),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "invalid_value"),
        ({"response_format": {"type": "text", "json_schema": SCHEMA}}, "response_format.json_schema", "invalid_value"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"a": "\x00"}}}},
            "response_format.json_schema.schema", "invalid_value",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"a": float("nan")}}}},
            "response_format.json_schema.schema", "invalid_value",
        ),
        ({"delivery": "live"}, "delivery", "invalid_value"),
        (
            {"delivery": "live", "stream": True, "stream_options": {"continuous_usage_stats": True}},
            "stream_options.continuous_usage_stats", "invalid_value",
        ),
        ({"delivery": "soon"}, "delivery", "invalid_value"),
        ({"user": "a\x00b"}, "user", "invalid_value"),
        ({"model": None}, "model", "missing_required_parameter"),
        ({"model": ""}, "model", "invalid_value"),
        ({"model": 7}, "model", "invalid_value"),
        ({"model": "a\x00b"}, "model", "invalid_value"),
        ({"messages": None}, "messages", "missing_required_parameter"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": "Hello"}, "messages", "invalid_value"),
        ({"messages": [7]}, "messages.0", None),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages.0.content", "missing_required_parameter"),
        ({"messages": [{"role": "user", "content": "a\x00b"}]}, "messages.0.content", "invalid_value"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages.0.content", "invalid_value"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content", "invalid_value"),
        ({"messages": [{"role": "user", "content": "x", "name": "Al"}]}, "messages.0.name", "unknown_parameter"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
            "messages.0.content.0", "invalid_value",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {}}]}]},
            "messages.0.content.0.cache_control", "unknown_parameter",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text", None),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else None,
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_by_name(post: Post, extra: dict[str, Any], param: str, code: str) -> None:
    answer = post(GOOD | extra)
    assert_is_refusal(answer, 400, param, code or answer.json["error"]["code"])


@pytest.mark.parametrize("name", sorted(_UNSUPPORTED))
def test_a_field_of_openai_s_that_is_null_or_asks_for_nothing_is_taken(post: Post, name: str) -> None:
    for value in (None, *_UNSUPPORTED[name]):
        assert_is_refusal(post(GOOD | {name: value}), 404, None, "model_not_found")


@pytest.mark.parametrize(
    "extra",
    [
        {"refusal": None, "tool_calls": None, "annotations": []},
        {"provider_specific_fields": {"refusal": None}, "reasoning_content": None},  # LiteLLM
    ],
)
def test_what_clients_send_back_of_an_answer_is_taken(post: Post, extra: dict[str, Any]) -> None:
    answer = {"role": "assistant", "content": "Gas."} | extra
    body = GOOD | {"messages": [*GOOD["messages"], answer, {"role": "user", "content": "Why?"}]}
    assert_is_refusal(post(body), 404, None, "model_not_found")


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "7", b"\xff\xfe", "9" * 9000])
def test_a_body_that_is_no_json_object_is_refused(post: Post, body: Any) -> None:
    assert_is_refusal(post(body), 400, "body", "invalid_json")


def test_a_compressed_body_is_refused_for_what_it_is(post: Post) -> None:
    packed = gzip.compress(json.dumps(GOOD).encode())
    answer = post(packed, {"Content-Encoding": "gzip"})
    assert_is_refusal(answer, 400, "Content-Encoding", "unsupported_encoding")


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 50_000])
def test_a_body_that_is_nested_without_end_is_refused(post: Post, body: str) -> None:
    assert_is_refusal(post(body), 400, "body", "invalid_json")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e9", "soon", "", "٣"])
def test_a_deadline_that_cannot_be_kept_is_refused(post: Post, seconds: str) -> None:
    name = "X-Blogforge-Deadline-S"
    if seconds == "٣":  # Python's float would take it: three, in Arabic
        seconds = "0x3"
    assert_is_refusal(post(GOOD, {name: seconds}), 400, name, "invalid_value")


def test_delivery_may_come_as_a_header_but_not_twice_differently(post: Post) -> None:
    header = {"X-Blogforge-Delivery": "live"}
    assert_is_refusal(post(GOOD, header), 400, "delivery", "invalid_value")
    assert_is_refusal(post(GOOD | {"stream": True}, header), 404, None, "model_not_found")
    both = GOOD | {"stream": True, "delivery": "complete"}
    assert_is_refusal(post(both, header), 400, "delivery", "invalid_value")


def test_strangers_viewers_and_lost_callers_get_openai_s_shape(app: Flask, conn: db.Connection, charlie: User) -> None:
    client = app.test_client()
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = client.post(URL, json=GOOD, headers=headers)
        assert_is_refusal(answer, 401, None, "invalid_api_key")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    token = {"Authorization": f"Bearer {tokens.create(conn, actor=charlie, name='test')[1]}"}
    assert_is_refusal(client.post(URL, json=GOOD, headers=token), 403, None, "permission_denied")
    assert client.get("/v1/models", headers=token).status_code == 200
    assert_is_refusal(client.get("/v1/nothing", headers=token), 404, None, "unknown_url")
    assert_is_refusal(client.get(URL, headers=token), 405, None, "method_not_allowed")
    assert_is_refusal(client.get("/v1/models/%00%ff/a", headers=token), 404, None, "model_not_found")
    large = json.dumps(GOOD | {"user": "x" * (9 << 20)})
    assert_is_refusal(
        client.post(URL, data=large, headers=token, content_type="application/json"), 413, None, "request_too_large"
    )


def test_a_request_id_is_kept_when_it_is_one(post: Post) -> None:
    assert post(GOOD, {"X-Request-Id": "trace-7.a_B"}).headers["X-Request-Id"] == "trace-7.a_B"
    for strange in ("a b", "x" * 65, "<script>", ""):
        made = post(GOOD, {"X-Request-Id": strange}).headers["X-Request-Id"]
        assert made != strange and len(made) == 16


def test_every_category_of_failure_has_its_answer() -> None:
    assert set(OF_CATEGORY) == set(Category)
    for kind in OF_CATEGORY.values():
        assert 400 <= kind.status <= 504 and kind.status not in (401, 403)


def test_callers_beyond_the_places_are_told_to_come_back(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(asking, "_places", places)
    for _ in range(3):
        assert_is_refusal(post(GOOD), 404, None, "model_not_found")  # each gave its place back
    places.acquire()
    answer = post(GOOD)
    assert_is_refusal(answer, 429, None, "rate_limit_exceeded")
    assert answer.headers["Retry-After"] == "1"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_messages = st.lists(
    st.fixed_dictionaries(
        {}, optional={"role": st.sampled_from(["user", "system", "assistant", "tool"]) | _json, "content": _json}
    )
    | _json,
    max_size=3,
)
_fields = [
    *_UNSUPPORTED, "presence_penalty", "frequency_penalty", "reasoning_effort", "model", "temperature", "top_p",
    "max_tokens", "stop", "seed", "stream", "response_format", "stream_options", "delivery", "user",
    "max_completion_tokens",
]  # fmt: skip
_bodies = st.fixed_dictionaries(
    {}, optional={"messages": _messages | _json, "model": st.just("nobody") | _json} | {
        name: _json for name in _fields if name != "model"
    }
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_bodies | _json)
def test_any_body_at_all_is_answered_in_openai_s_shape(post: Post, body: Any) -> None:
    answer = post(json.dumps(body))
    assert answer.status_code in (400, 404), answer.text
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}
