"""The faults, seen through the real SDKs and as they look on the wire."""

import http.client
import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import groq
import httpx
import openai
import pytest
from cerebras.cloud.sdk import APIStatusError as CerebrasStatusError

from tests.provider_standin import Standin, count_tokens
from tests.provider_standin.asking import (
    ANSWER,
    DIALECTS,
    PROMPT,
    PROMPT_TOKENS,
    THREE,
    ask,
    control,
    post,
    text_of,
)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 429, 498, 500, 502, 503, 504, 529])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_status_can_be_had_and_costs_nothing(standin: Standin, client: Any, dialect: str, status: int) -> None:
    with pytest.raises((groq.APIStatusError, CerebrasStatusError, openai.APIStatusError)) as error:
        ask(client(dialect), f"status:{status}", stream=True)
    assert error.value.status_code == status
    [served] = standin.requests
    assert (served.status, served.outcome, served.input_tokens, served.output_tokens) == (status, "error", 0, 0)


def test_retry_after_comes_as_seconds_date_milliseconds_or_words(standin: Standin) -> None:
    with post(standin, "status:429;retry-after=2") as response:
        assert response.getheader("Retry-After") == "2"
    with post(standin, "status:429;retry-after-date=30") as response:
        at = parsedate_to_datetime(str(response.getheader("Retry-After")))
        assert 28 <= (at - datetime.now(UTC)).total_seconds() <= 30
    with post(standin, "status:429;retry-after-ms=250") as response:
        assert response.getheader("retry-after-ms") == "250"
    with post(standin, "status:429;retry-in-body=7") as response:
        assert response.getheader("Retry-After") is None
        assert "Please try again in 7s." in json.load(response)["error"]["message"]


def test_a_code_brings_its_own_words(standin: Standin) -> None:
    with post(standin, "status:400;code=context_length_exceeded") as response:
        error = json.load(response)["error"]
    assert error["code"] == "context_length_exceeded"
    assert "reduce the length" in error["message"]


@pytest.mark.parametrize(("ending", "wire"), [("clean-end", b""), ("done-only", b"data: [DONE]\n\n")])
def test_a_stream_may_end_properly_without_a_finish_reason(standin: Standin, ending: str, wire: bytes) -> None:
    with post(standin, ending) as response:
        body = response.read()
    assert body.endswith(wire) and (b"[DONE]" in body) == bool(wire)
    assert body.count(b"data: {") == 4
    assert b'"finish_reason": "stop"' not in body
    [served] = standin.requests
    assert (served.outcome, served.finish_reason, served.words_sent) == ("broken", None, 3)
    assert (served.input_tokens, served.output_tokens) == (PROMPT_TOKENS, count_tokens(THREE))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_cut_stream_delivers_its_words_and_then_a_reset(standin: Standin, client: Any, dialect: str) -> None:
    chunks = []
    with pytest.raises((httpx.ReadError, openai.APIConnectionError)):
        for chunk in ask(client(dialect), "cut:3", stream=True):
            chunks.append(chunk)
    assert text_of(chunks) == THREE
    assert standin.totals().output_tokens == count_tokens(THREE)


def test_a_truncated_body_is_no_proper_end(standin: Standin) -> None:
    with post(standin, "truncate:2") as response, pytest.raises(http.client.IncompleteRead):
        response.read()


@pytest.mark.parametrize("model", ["reset", "hang-up"])
def test_a_connection_may_go_before_any_header(standin: Standin, model: str) -> None:
    with pytest.raises(ConnectionError), post(standin, model):
        pass
    assert standin.requests[0].status is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_error_event_comes_in_mid_stream(client: Any, dialect: str) -> None:
    chunks = []
    with pytest.raises(Exception, match=r"overloaded|Unavailable|traffic") as error:
        for chunk in ask(client(dialect), "error-event:2;status=503", stream=True):
            chunks.append(chunk)
    assert type(error.value).__module__.split(".")[0] in ("groq", "cerebras", "openai")
    assert len(chunks) == 3


def test_a_page_or_half_a_json_comes_with_status_200(standin: Standin, client: Any) -> None:
    assert ask(client("groq"), "html-200").startswith("<!doctype html>")
    assert list(ask(client("groq"), "html-200", stream=True)) == []
    with pytest.raises(json.JSONDecodeError):
        ask(client("cerebras"), "half-json")
    with pytest.raises(json.JSONDecodeError):
        list(ask(client("compatible"), "malformed-event:1", stream=True))
    assert len(list(ask(client("compatible"), "half-event:1", stream=True))) == 2


def test_the_last_event_may_lack_done(standin: Standin) -> None:
    with post(standin, "no-done-close") as response:
        body = response.read()
    assert b'"finish_reason": "stop"' in body and b"[DONE]" not in body
    with post(standin, "no-done") as response:
        while b'"finish_reason": "stop"' not in response.readline():
            assert standin.requests[1].outcome == "open"
    [_, served] = standin.wait_for_end(2)
    assert (served.outcome, served.client_left) == ("complete", True)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("model", ["slow-first-token:inf", "idle-after:2", "comment-drip:5", "empty-deltas:5"])
def test_a_silent_model_notices_at_once_that_the_client_left(standin: Standin, model: str, stream: bool) -> None:
    connection = http.client.HTTPConnection(standin.url.removeprefix("http://"))
    body = json.dumps({"model": model, "messages": PROMPT, "stream": stream})
    connection.request("POST", "/compatible/v1/chat/completions", body)
    standin.wait_for_request(1)
    left_at = time.monotonic()
    connection.close()
    [served] = standin.wait_for_end(1)
    assert (served.outcome, served.finish_reason) == ("client_left", None)
    assert served.client_left_at is not None and served.client_left_at - left_at < 0.5


def test_drips_are_bytes_without_words(standin: Standin) -> None:
    with post(standin, "comment-drip:5;for=0.03") as response:
        body = response.read().decode()
    assert body.count(": still working") >= 2 and body.endswith("data: [DONE]\n\n")
    with post(standin, "comment-drip:5;for=0.03", stream=False) as response:
        body = response.read().decode()
    assert body.startswith(" \n") and json.loads(body)["choices"][0]["message"]["content"] == ANSWER


def test_flaky_limited_and_timed_out_models_recover(standin: Standin, client: Any) -> None:
    def statuses(model: str, times: int) -> list[int]:
        codes = []
        for _ in range(times):
            with post(standin, model, stream=False) as response:
                codes.append(response.status)
        return codes

    assert statuses("flaky:2", 3) == [503, 503, 200]
    assert statuses("limited:2;window=60", 4) == [200, 200, 429, 429]
    assert statuses("outage:0", 1) == [200]
    assert statuses("outage:60", 1) == [503]


def test_malformed_requests_are_refused(standin: Standin) -> None:
    chat = "/compatible/v1/chat/completions"
    for body in ({"model": "ok"}, {"model": "ok", "messages": "hello"}, {"messages": PROMPT}, [], None):
        status, answer = control(standin, "POST", chat, body)
        assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert control(standin, "GET", chat)[0] == 405
    assert control(standin, "POST", "/groq/v9/nothing", {})[0] == 404
    assert standin.totals().input_tokens == 0
