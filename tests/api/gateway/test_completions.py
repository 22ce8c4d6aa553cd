"""OpenAI's own client against a whole installation: answers, streams, fallbacks, errors; rows and ledger."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import openai
import pytest

from tests.api.gateway.conftest import QUESTION, Gateway
from tests.installation import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]


def ask(gateway: Gateway, model: str, **options: Any) -> Any:
    return gateway.client.chat.completions.create(model=model, messages=QUESTION, **options)


def text_of(chunks: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@pytest.mark.parametrize("provider", ["Groq", "Cerebras", "Local"])
def test_a_model_answers_by_its_name(gateway: Gateway, provider: str) -> None:
    gateway.model("ok", provider=provider)
    raw = gateway.client.chat.completions.with_raw_response.create(model=f"{provider}/ok", messages=QUESTION)
    answer, (served,) = raw.parse(), gateway.standin.requests
    assert answer.model == "ok" and answer.object == "chat.completion"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage and (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (
        served.input_tokens, served.output_tokens,
    )  # fmt: skip
    task = gateway.task(raw.headers)
    assert (task["output"], task["status"]) == (answer.choices[0].message.content, "succeeded")
    assert task["usage"] == {"input_tokens": served.input_tokens, "output_tokens": served.output_tokens}
    assert raw.headers["X-Blogforge-Attempts"] == "1"
    assert float(raw.headers["X-Blogforge-Cost"]) == pytest.approx(
        (served.input_tokens + 2 * served.output_tokens) / 1e6
    )
    assert raw.headers["X-Blogforge-Cost-Source"] == "known"
    assert 0 < float(raw.headers["X-Blogforge-Overhead-Ms"]) < 1000
    assert raw.headers["X-Request-Id"]
    assert task["request_id"] == raw.headers["X-Request-Id"] == answer._request_id


def test_a_stream_may_tell_the_counts_in_every_chunk(gateway: Gateway) -> None:
    gateway.model("ok")
    options: Any = {"stream_options": {"include_usage": True, "continuous_usage_stats": True}}
    chunks = list(ask(gateway, "Groq/ok", stream=True, **options))
    (served,) = gateway.standin.requests
    counts = [(chunk.usage.prompt_tokens, chunk.usage.completion_tokens) for chunk in chunks]
    assert counts[0] == (served.input_tokens, 0)
    assert counts[1:] == [(served.input_tokens, served.output_tokens)] * (len(chunks) - 1)


@pytest.mark.parametrize("delivery", ["complete", "live"])
def test_a_stream_is_the_answer_with_its_usage(gateway: Gateway, delivery: str) -> None:
    gateway.standin.answer("ok", "First line\n\n  ünïcode 🙂 and <b>markup</b>.")
    gateway.model("ok")
    options: Any = {"stream_options": {"include_usage": True}, "extra_body": {"delivery": delivery}}
    chunks = list(ask(gateway, "Groq/ok", stream=True, **options))
    (served,) = gateway.standin.requests
    assert text_of(chunks) == "First line\n\n  ünïcode 🙂 and <b>markup</b>."
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (
        served.input_tokens, served.output_tokens,
    )  # fmt: skip
    assert {chunk.model for chunk in chunks} == {"ok"}
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_live_stream_comes_as_it_is_written(gateway: Gateway) -> None:
    gateway.model("ok")
    gate = gateway.standin.hold("ok", after_words=3)
    with ask(gateway, "Groq/ok", stream=True, extra_body={"delivery": "live"}) as stream:
        next(stream)
        assert next(stream).choices[0].delta.content
        gate.wait_held(1)
        gate.release()
        assert text_of(stream)


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("fault", ["status:503", "cut:4", "clean-end:4", "error-event:4", "half-event:3", "html-200"])
def test_a_fallback_is_invisible_in_a_complete_answer(gateway: Gateway, fault: str, is_stream: bool) -> None:
    route = gateway.route(fault, ("Cerebras", "ok"))
    if is_stream:
        chunks = list(ask(gateway, route, stream=True))
        text, model = text_of(chunks), chunks[-1].model
        (task_id,) = {int(chunk.id.rsplit("-", 1)[1]) for chunk in chunks}
    else:
        answer = ask(gateway, route)
        text, model = answer.choices[0].message.content, answer.model
        task_id = int(answer.id.rsplit("-", 1)[1])
    task = gateway.installation.api("GET", f"/llm/tasks/{task_id}")
    assert (text, model) == (task["output"], "ok")
    assert len(task["attempts"]) == len(gateway.standin.requests) > 1
    known = [attempt for attempt in task["attempts"] if attempt["usage_source"] == "known"]
    billed = gateway.standin.requests_for("ok")[0]
    assert (known[-1]["input_tokens"], known[-1]["output_tokens"]) == (billed.input_tokens, billed.output_tokens)


def test_a_live_answer_that_breaks_off_ends_with_an_error(gateway: Gateway) -> None:
    route = gateway.route("cut:4", ("Cerebras", "ok"))
    told = []
    with (
        ask(gateway, route, stream=True, extra_body={"delivery": "live"}) as stream,
        pytest.raises(openai.APIError) as raised,
    ):
        for chunk in stream:
            told.append(chunk)
    assert text_of(told)
    assert raised.value.code == "upstream_stream_cut"  # type: ignore[comparison-overlap]
    assert not gateway.standin.requests_for("ok")
    task = gateway.installation.api("GET", f"/llm/tasks/{told[0].id.rsplit('-', 1)[1]}")
    assert (task["status"], task["error"]["category"]) == ("failed", "stream_cut")


def test_a_live_answer_falls_over_unseen_before_its_first_text(gateway: Gateway) -> None:
    route = gateway.route("status:503", ("Cerebras", "ok"))
    chunks = list(ask(gateway, route, stream=True, extra_body={"delivery": "live"}))
    assert text_of(chunks) and {chunk.model for chunk in chunks} == {"ok"}


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(
    ("behaviour", "error", "status", "code"),
    [
        ("status:429;retry-after=7", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("status:402", openai.RateLimitError, 429, "insufficient_quota"),
        ("status:503", openai.InternalServerError, 503, "overloaded"),
        ("status:500", openai.InternalServerError, 502, "upstream_error"),
        ("status:401;echo-key", openai.InternalServerError, 502, "upstream_key_refused"),
        ("status:404", openai.NotFoundError, 404, "model_not_found"),
        ("status:400;code=context_length_exceeded", openai.BadRequestError, 400, "context_length_exceeded"),
        ("status:400", openai.BadRequestError, 400, "upstream_refused_request"),
        ("content-filter", openai.BadRequestError, 400, "content_filter"),
        ("reset", openai.InternalServerError, 502, "upstream_unreachable"),
        ("clean-end:2", openai.InternalServerError, 502, "upstream_stream_cut"),
    ],
)
def test_errors_have_openai_s_classes_statuses_and_codes(
    gateway: Gateway, behaviour: str, error: type[openai.APIStatusError], status: int, code: str, is_stream: bool
) -> None:
    gateway.model(behaviour)
    with pytest.raises(error) as raised:
        ask(gateway, f"Groq/{behaviour}", stream=is_stream)
    assert (raised.value.status_code, raised.value.code) == (status, code)
    assert isinstance(raised.value.body, dict) and set(raised.value.body) == {"message", "type", "param", "code"}
    assert "good-key-1" not in raised.value.response.text
    headers = raised.value.response.headers
    assert int(headers["X-Blogforge-Attempts"]) == len(gateway.standin.requests) >= 1
    assert gateway.task(headers)["status"] == "failed"
    if "retry-after" in behaviour:
        assert headers["Retry-After"] == "7"
    assert ("Retry-After" in headers) == (code in {"rate_limit_exceeded", "overloaded"})
    assert ("X-Should-Retry" in headers) != ("Retry-After" in headers)


def test_what_rests_is_refused_at_once_and_says_when_it_is_tried_again(gateway: Gateway) -> None:
    gateway.model("status:503")
    for _ in range(4):
        with pytest.raises(openai.InternalServerError):
            ask(gateway, "status:503")
    asked = len(gateway.standin.requests)
    with pytest.raises(openai.InternalServerError) as raised:
        ask(gateway, "status:503")
    assert len(gateway.standin.requests) == asked and raised.value.status_code == 503
    assert 1 <= int(raised.value.response.headers["Retry-After"]) <= 15
    assert raised.value.response.headers["X-Blogforge-Attempts"] == "0"


def test_the_client_s_own_retries_do_not_multiply_ours(gateway: Gateway) -> None:
    gateway.model("status:500")
    with pytest.raises(openai.InternalServerError):
        gateway.client.with_options(max_retries=2).chat.completions.create(model="status:500", messages=QUESTION)
    assert len(gateway.standin.requests) == 2


def test_a_deadline_is_kept(gateway: Gateway) -> None:
    gateway.model("slow-first-token:inf")
    begun = time.monotonic()
    with pytest.raises(openai.InternalServerError) as raised:
        ask(gateway, "slow-first-token:inf", extra_headers={"X-Blogforge-Deadline-S": "1"})
    assert (raised.value.status_code, raised.value.code) == (504, "deadline_exceeded")
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("options", [{}, {"stream": True}, {"stream": True, "delivery": "live"}], ids=str)
@pytest.mark.parametrize("after_words", [0, 3])
def test_a_caller_that_leaves_stops_the_call(gateway: Gateway, options: dict[str, Any], after_words: int) -> None:
    gateway.model("ok")
    gate = gateway.standin.hold("ok", after_words=after_words)
    connection = http.client.HTTPConnection("127.0.0.1", gateway.installation.port, timeout=30)
    headers = {"Authorization": f"Bearer {gateway.installation.token}", "Content-Type": "application/json"}
    connection.request(
        "POST", "/v1/chat/completions", json.dumps({"model": "Groq/ok", "messages": QUESTION} | options), headers
    )
    gate.wait_held(1)
    connection.close()
    (served,) = gateway.standin.wait_for_end(1, timeout=5)
    assert served.client_left

    def last() -> dict[str, Any]:
        task: dict[str, Any] = gateway.installation.api("GET", "/llm/tasks?limit=1")["items"][0]
        return task

    wait_until(lambda: last()["status"] == "cancelled", timeout=2)
    task = gateway.installation.api("GET", f"/llm/tasks/{last()['id']}")
    assert [attempt["status"] for attempt in task["attempts"]] == ["cancelled"]


def test_stopping_the_task_ends_the_request(gateway: Gateway) -> None:
    gateway.model("ok")
    gate = gateway.standin.hold("ok", after_words=3)
    with ask(gateway, "Groq/ok", stream=True, extra_body={"delivery": "live"}) as stream:
        task_id = next(stream).id.rsplit("-", 1)[1]
        gate.wait_held(1)
        gateway.installation.api("POST", f"/llm/tasks/{task_id}/cancel")
        with pytest.raises(openai.APIError) as raised:
            list(stream)
    assert raised.value.code == "cancelled"  # type: ignore[comparison-overlap]


def test_parameters_reach_the_provider_and_others_do_not(gateway: Gateway) -> None:
    gateway.model("ok", provider="Local")
    gateway.client.chat.completions.create(
        model="Local/ok",
        messages=[
            {"role": "developer", "content": "Answer in JSON."},
            {"role": "user", "content": [{"type": "text", "text": "Why "}, {"type": "text", "text": "bread?"}]},
        ],
        temperature=0.5, top_p=0.9, max_completion_tokens=99, stop="END", seed=7, user="somebody",
        response_format={"type": "json_object"}, n=1, frequency_penalty=0,
    )  # fmt: skip
    (served,) = gateway.standin.requests
    sent = {name: value for name, value in served.body.items() if name not in ("stream", "stream_options", "model")}
    assert sent == {
        "messages": [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": "Why bread?"}],
        "temperature": 0.5, "top_p": 0.9, "max_tokens": 99, "stop": ["END"], "seed": 7,
        "response_format": {"type": "json_object"},
    }  # fmt: skip


def test_an_answer_cut_off_by_max_tokens_says_so(gateway: Gateway) -> None:
    gateway.model("length:5")
    assert ask(gateway, "length:5").choices[0].finish_reason == "length"


def test_a_repeated_post_with_the_same_key_asks_once(gateway: Gateway) -> None:
    gateway.model("ok")
    body = {"model": "Groq/ok", "messages": QUESTION}
    first = gateway.post(body, Idempotency_Key="once")
    again = gateway.post(body, Idempotency_Key="once")
    assert first[0] == again[0] == 200 and first[2] == again[2]
    assert again[1]["Idempotent-Replayed"] == "true"
    assert again[1]["X-Blogforge-Cost"] == first[1]["X-Blogforge-Cost"]
    assert len(gateway.standin.requests) == 1
    status, _, refused = gateway.post(body | {"stream": True}, Idempotency_Key="streamed")
    assert (status, refused["error"]["param"]) == (400, "Idempotency-Key")


def test_many_callers_at_once_each_get_their_own_answer(gateway: Gateway) -> None:
    from concurrent.futures import ThreadPoolExecutor

    gateway.model("drip:5")

    def one(number: int) -> bool:
        messages: Any = [{"role": "user", "content": f"Question {number} of many."}]
        answer = gateway.client.chat.completions.create(model="drip:5", messages=messages)
        return f"Question {number} of many." in (answer.choices[0].message.content or "")

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(48)))
    assert gateway.standin.totals().requests == 48


def test_models_are_listed_by_the_name_that_means_them(gateway: Gateway) -> None:
    gateway.model("ok"), gateway.model("ok", provider="Cerebras"), gateway.model("drip:5")
    route = gateway.route("drip:5")
    listed = {model.id: model.owned_by for model in gateway.client.models.list()}
    assert listed[route] == "route"
    assert {"Groq/ok", "Cerebras/ok", "drip:5"} <= set(listed) and "ok" not in listed
    for name in listed:
        assert gateway.client.models.retrieve(name).id == name
    with pytest.raises(openai.NotFoundError) as raised:
        gateway.client.models.retrieve("nobody/nothing")
    assert raised.value.code == "model_not_found"


def test_what_shapes_the_answer_reaches_the_provider(gateway: Gateway) -> None:
    schema = {"name": "answer", "schema": {"type": "object", "properties": {'a"b': {"type": "string"}}}, "strict": True}
    gateway.client.chat.completions.create(
        model=gateway.route("ok"), messages=QUESTION, presence_penalty=0.5, frequency_penalty=-0.5,
        reasoning_effort="low", response_format={"type": "json_schema", "json_schema": schema},
    )  # fmt: skip
    body = gateway.standin.requests[-1].body
    assert body["response_format"] == {"type": "json_schema", "json_schema": schema}
    assert (body["presence_penalty"], body["frequency_penalty"], body["reasoning_effort"]) == (0.5, -0.5, "low")


@pytest.mark.parametrize("stream", [True, False])
def test_reasoning_up_to_the_token_limit_is_an_answer_without_text(gateway: Gateway, stream: bool) -> None:
    body = {"model": gateway.route("reasoning-only;finish=length"), "messages": QUESTION, "stream": stream}
    status, headers, answer = gateway.post(body)
    assert (status, headers["X-Blogforge-Attempts"]) == (200, "1")
    if stream:
        assert '"finish_reason": "length"' in answer and answer.endswith("data: [DONE]\n\n")
    else:
        (choice,) = answer["choices"]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("", "length")
        assert answer["usage"]["completion_tokens"] > 0


def test_a_spent_budget_is_told_as_a_spent_quota(gateway: Gateway) -> None:
    api, name = gateway.installation.api, gateway.route("ok")
    budget = api("POST", "/llm/budgets", {"scope": "instance", "period": "month", "amount": "0"})
    try:
        status, headers, body = gateway.post({"model": name, "messages": QUESTION})
    finally:
        api("DELETE", f"/llm/budgets/{budget['id']}", expect=204)
    assert (status, body["error"]["type"], body["error"]["code"]) == (429, "insufficient_quota", "insufficient_quota")
    assert "is used up. Ask an admin to raise it" in body["error"]["message"]
    assert headers["X-Should-Retry"] == "false" and headers["X-Blogforge-Attempts"] == "0"
