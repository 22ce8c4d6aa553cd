"""The answers of the three dialects, seen through the real SDKs."""

import json
from typing import Any

import groq
import openai
import pytest
from cerebras.cloud.sdk import APIStatusError as CerebrasStatusError

from tests.provider_standin import Standin, count_tokens, in_words, key_hash
from tests.provider_standin.asking import ANSWER, DIALECTS, PROMPT, PROMPT_TOKENS, ask, control, finish_reasons, text_of


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_whole_answer_reaches_the_sdk_with_its_usage(standin: Standin, client: Any, dialect: str) -> None:
    answer = ask(client(dialect), "ok")
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (PROMPT_TOKENS, count_tokens(ANSWER))
    assert answer.system_fingerprint == "fp_standin"
    [served] = standin.requests
    assert (served.dialect, served.outcome, served.streamed, served.status) == (dialect, "complete", False, 200)
    assert (served.input_tokens, served.output_tokens) == (PROMPT_TOKENS, count_tokens(ANSWER))
    assert served.body == {"model": "ok", "messages": PROMPT}
    assert served.key == served.headers["authorization"] == key_hash("a-key")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_streamed_answer_reaches_the_sdk_word_by_word(standin: Standin, client: Any, dialect: str) -> None:
    options = {"stream_options": {"include_usage": True}} if dialect == "compatible" else {}
    chunks = list(ask(client(dialect), "ok", stream=True, **options))
    assert text_of(chunks) == ANSWER
    assert finish_reasons(chunks) == ["stop"]
    usage = {
        "groq": lambda: chunks[-1].x_groq.usage,
        "cerebras": lambda: chunks[-1].usage,
        "compatible": lambda: chunks[-1].usage,
    }[dialect]()
    assert (usage.prompt_tokens, usage.completion_tokens) == (PROMPT_TOKENS, count_tokens(ANSWER))
    assert (chunks[-1].choices == []) == (dialect == "compatible")
    if dialect == "cerebras":
        assert chunks[-1].time_info.total_time > 0
    [served] = standin.requests
    assert (served.words_sent, served.chars_sent) == (len(in_words(ANSWER)), len(ANSWER))
    assert served.usage_sent


def test_a_compatible_stream_tells_usage_only_when_asked(client: Any, standin: Standin) -> None:
    chunks = list(ask(client("compatible"), "ok", stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert not standin.requests[0].usage_sent


@pytest.mark.parametrize("dialect", DIALECTS)
def test_models_are_listed_as_told(standin: Standin, client: Any, dialect: str) -> None:
    assert "llama-3.3-70b-versatile" in [model.id for model in client(dialect).models.list().data]
    standin.models(dialect, ["one", "two:8b"])
    assert [model.id for model in client(dialect).models.list().data] == ["one", "two:8b"]
    assert ask(client(dialect), "two:8b").choices[0].message.content == ANSWER
    standin.script("/models", ["status:503"])
    with pytest.raises(Exception, match="503"):
        client(dialect).models.list()


def test_a_bare_v1_is_openai_compatible(standin: Standin) -> None:
    status, listed = control(standin, "GET", "/v1/models")
    assert (status, listed["object"]) == (200, "list")
    assert control(standin, "POST", "/v1/chat/completions", {"model": "ok", "messages": PROMPT})[0] == 200


def test_errors_are_nested_where_the_provider_nests_them(client: Any) -> None:
    with pytest.raises(groq.NotFoundError) as in_groq:
        ask(client("groq"), "no-such-model")
    assert in_groq.value.response.json()["error"]["code"] == "model_not_found"
    with pytest.raises(CerebrasStatusError) as in_cerebras:
        ask(client("cerebras"), "no-such-model")
    assert in_cerebras.value.response.json()["code"] == "model_not_found"
    with pytest.raises(openai.NotFoundError) as in_compatible:
        ask(client("compatible"), "no-such-model")
    assert in_compatible.value.code == "model_not_found"


def test_contract_breaches_look_as_models_make_them(client: Any) -> None:
    def said(model: str, content: str) -> Any:
        return ask(client("compatible"), model, [{"role": "user", "content": content}]).choices[0].message.content

    assert json.loads(said("ok", "A JSON array of 4 titles"))[3].startswith("Item 4: A JSON array")
    assert said("fenced-json", "A JSON array, please").startswith('```json\n["Item 1')
    assert said("preamble", "tea").startswith("Sure! ")
    assert said("quoted", "tea")[0] == said("quoted", "tea")[-1] == '"'
    assert said("empty", "tea") == ""
    assert len(said("ok;words=300", "tea").split()) == 300
    assert said("ok", "x" * 100 + " and the end of it").endswith("moved.")


@pytest.mark.parametrize("stream", [True, False])
def test_other_finish_reasons_are_told(client: Any, stream: bool) -> None:
    def reason(model: str, **more: Any) -> str:
        answer = ask(client("compatible"), model, stream=stream, **more)
        return finish_reasons(list(answer))[0] if stream else answer.choices[0].finish_reason

    assert reason("length") == "length"
    assert reason("content-filter") == "content_filter"
    assert reason("tool-call") == "tool_calls"
    assert reason("ok", max_tokens=3) == "length"


def test_reasoning_comes_before_the_answer_and_is_billed(standin: Standin, client: Any) -> None:
    chunks = list(ask(client("groq"), "reasoning:4", stream=True))
    reasoning = "".join(chunk.choices[0].delta.reasoning or "" for chunk in chunks)
    assert reasoning and text_of(chunks) == ANSWER
    usage = chunks[-1].x_groq.usage
    assert usage.completion_tokens == count_tokens(reasoning + ANSWER) == standin.totals().output_tokens
    assert usage.completion_tokens_details.reasoning_tokens == count_tokens(reasoning)


def test_without_fingerprint_cerebras_hands_out_plain_dictionaries(client: Any) -> None:
    chunks = list(ask(client("cerebras"), "no-fingerprint;words=2", stream=True))
    assert isinstance(chunks[1].choices[0].delta, dict)


def test_a_connection_is_kept_for_the_next_request(standin: Standin, client: Any) -> None:
    one = client("groq")
    list(ask(one, "ok", stream=True))
    ask(one, "ok")
    with pytest.raises(groq.APIStatusError):
        ask(one, "status:429")
    ask(one, "ok")
    assert len({request.connection for request in standin.requests}) == 1


def test_capabilities_are_refused_by_name(client: Any) -> None:
    compatible = client("compatible")
    assert ask(compatible, "invalid-parameter:temperature").choices
    with pytest.raises(openai.BadRequestError) as error:
        ask(compatible, "invalid-parameter:temperature", temperature=0.5)
    assert error.value.param == "temperature"
    with pytest.raises(openai.BadRequestError, match="prefill"):
        ask(compatible, "reject-prefill", [*PROMPT, {"role": "assistant", "content": "It"}])
    assert ask(compatible, "context:10").choices
    with pytest.raises(openai.BadRequestError) as error:
        ask(compatible, "context:10", [{"role": "user", "content": "tea " * 20}])
    assert error.value.code == "context_length_exceeded"
