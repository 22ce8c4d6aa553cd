"""The four adapters against every way a provider can break, streamed and whole, through the real SDKs."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from blogforge_llm.engine import adapters
from blogforge_llm.engine.calls import Call
from blogforge_llm.engine.types import (
    CallError,
    FilePart,
    ImagePart,
    Message,
    OutputContract,
    Parameters,
    Request,
    TextDelta,
    TextPart,
)
from blogforge_llm.records.tasks import AttemptStatus, Category, Source
from tests.engine.asking import KINDS, QUESTION, SOON_S, ask, candidate, request
from tests.provider_standin import Plan, Reply, Standin, count_tokens

both = pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@both
def test_an_answer_comes_whole_with_its_bill(standin: Standin, kind: str, streaming: bool) -> None:
    answered = ask([candidate(standin, "ok", kind)], streaming=streaming)
    completion, outcome = answered.completion, answered.notes.outcomes[0]
    assert completion.text.startswith(f'The stand-in was asked: "{QUESTION}"')
    assert completion.finish_reason == "stop"
    assert (completion.usage.input_tokens, completion.usage.output_tokens) == (
        count_tokens(QUESTION),
        count_tokens(completion.text),
    )
    assert completion.usage.source is completion.cost_source is Source.KNOWN
    spent = count_tokens(QUESTION) * Decimal(1) + count_tokens(completion.text) * Decimal(2)
    assert completion.cost == spent / 1_000_000 == outcome.cost
    assert outcome.status is AttemptStatus.SUCCEEDED and outcome.text == completion.text
    totals = standin.totals()
    assert (totals.requests, totals.input_tokens) == (1, completion.usage.input_tokens)


@each_kind
def test_a_stream_yields_the_text_in_pieces_and_loses_none(standin: Standin, kind: str) -> None:
    standin.answer("ok", "  Ünïcødé 😀 \n\n two  spaces\r\nand a tab\t. ")
    answered = ask([candidate(standin, "ok", kind)])
    assert sum(isinstance(event, TextDelta) for event in answered.events) > 5
    assert answered.text_of_last_attempt == "  Ünïcødé 😀 \n\n two  spaces\r\nand a tab\t. "


# What each fault is, streamed and whole. `again` marks those the engine tries twice on a lone model.
FAULTS = {
    "cut:3": (Category.STREAM_CUT, Category.STREAM_CUT),
    "truncate:3": (Category.STREAM_CUT, Category.STREAM_CUT),
    "clean-end:3": (Category.STREAM_CUT, Category.STREAM_CUT),
    "done-only:3": (Category.STREAM_CUT, Category.STREAM_CUT),
    "malformed-event:3": (Category.STREAM_CUT, Category.SERVER_ERROR),
    "half-event:3": (Category.STREAM_CUT, Category.SERVER_ERROR),
    "error-event:3": (Category.SERVER_ERROR, Category.SERVER_ERROR),
    "error-event:3;status=429": (Category.RATE_LIMIT, Category.RATE_LIMIT),
    "html-200": (Category.SERVER_ERROR, Category.SERVER_ERROR),
    "half-json": (Category.SERVER_ERROR, Category.SERVER_ERROR),
    "reset": (Category.CONNECTION, Category.CONNECTION),
    "hang-up": (Category.CONNECTION, Category.CONNECTION),
    "content-filter:2": (Category.CONTENT_FILTER, Category.CONTENT_FILTER),
    "empty": (Category.OUTPUT_INVALID, Category.OUTPUT_INVALID),
    "context:1": (Category.CONTEXT_LENGTH, Category.CONTEXT_LENGTH),
    "status:400": (Category.INVALID_REQUEST, Category.INVALID_REQUEST),
    "status:401": (Category.AUTHENTICATION, Category.AUTHENTICATION),
    "status:402": (Category.QUOTA_EXHAUSTED, Category.QUOTA_EXHAUSTED),
    "status:403": (Category.PERMISSION, Category.PERMISSION),
    "status:404": (Category.MODEL_NOT_FOUND, Category.MODEL_NOT_FOUND),
    "status:413": (Category.CONTEXT_LENGTH, Category.CONTEXT_LENGTH),
    "status:422": (Category.INVALID_REQUEST, Category.INVALID_REQUEST),
    "status:429": (Category.RATE_LIMIT, Category.RATE_LIMIT),
    "status:498": (Category.OVERLOADED, Category.OVERLOADED),
    "status:500;message=violates our policy": (Category.SERVER_ERROR, Category.SERVER_ERROR),
    "status:502;html": (Category.SERVER_ERROR, Category.SERVER_ERROR),
    "status:503;no-body": (Category.OVERLOADED, Category.OVERLOADED),
    "status:529": (Category.OVERLOADED, Category.OVERLOADED),
}


@each_kind
@both
@pytest.mark.parametrize("model", FAULTS)
def test_every_fault_gets_its_category_and_never_passes_for_an_answer(
    standin: Standin, kind: str, streaming: bool, model: str
) -> None:
    adapter = adapters.load(kind)
    expected = FAULTS[model][0 if streaming else 1]
    if expected is Category.CONTENT_FILTER or expected is Category.OUTPUT_INVALID:
        assert ask([candidate(standin, model, kind)], streaming=streaming).notes.categories[0] is expected
        return
    with pytest.raises(CallError) as failed, Call(deadline=time.monotonic() + 10) as call:
        if streaming:
            call.run(lambda: list(adapter.stream(request(), candidate(standin, model, kind))))
        else:
            call.run(adapter.ask, request(), candidate(standin, model, kind))
    assert failed.value.category is expected
    if model.startswith("status:"):
        assert failed.value.http_status == int(model[7:10])
    assert len(standin.requests) == 1  # nobody retries but the engine


@each_kind
@both
@pytest.mark.parametrize("model", ["no-done", "no-done-close", "no-fingerprint", "late-usage:0.1", "reasoning:5"])
def test_unusual_but_proper_ends_are_answers(standin: Standin, kind: str, streaming: bool, model: str) -> None:
    answered = ask([candidate(standin, model, kind)], streaming=streaming)
    assert answered.completion.finish_reason == "stop"
    assert answered.completion.text.endswith("missing or moved.")
    assert answered.completion.usage.source is Source.KNOWN
    assert answered.took_s < SOON_S  # an open connection would be waited for until the deadline


@each_kind
@both
@pytest.mark.parametrize("told", ["max_tokens", "MAX_TOKENS", "model_length"])
def test_an_answer_cut_at_its_limit_is_known_in_every_servers_word(
    standin: Standin, kind: str, streaming: bool, told: str
) -> None:
    assert ask([candidate(standin, f"finish:{told}", kind)], streaming=streaming).completion.finish_reason == "length"
    cut = ask(
        [candidate(standin, f"finish:{told}", kind)], request(contract=OutputContract("text")), streaming=streaming
    )
    assert cut.notes.categories[0] is Category.OUTPUT_INVALID


@each_kind
@both
@pytest.mark.parametrize(
    ("told", "category"),
    [
        ("SAFETY", Category.CONTENT_FILTER),
        ("content_filter: RECITATION", Category.CONTENT_FILTER),
        ("refusal", Category.CONTENT_FILTER),
        ("insufficient_system_resource", Category.OVERLOADED),
        ("network_error", Category.SERVER_ERROR),
    ],
)
def test_an_answer_given_up_in_any_servers_word_is_none(
    standin: Standin, kind: str, streaming: bool, told: str, category: Category
) -> None:
    standin.behave("ok", Plan(Reply("Half of it", finish_reason=told)))
    assert ask([candidate(standin, "ok", kind)], streaming=streaming).notes.categories[0] is category


@each_kind
def test_the_wait_for_the_token_counts_is_half_a_second_and_then_they_are_estimated(
    standin: Standin, kind: str
) -> None:
    answered = ask([candidate(standin, "late-usage:5", kind)])
    assert 0.5 <= answered.took_s < SOON_S
    assert answered.completion.text.endswith("missing or moved.")
    assert answered.completion.usage.source is answered.completion.cost_source is Source.ESTIMATED
    assert answered.completion.usage.output_tokens == count_tokens(answered.completion.text)


@each_kind
def test_a_stream_read_to_its_end_leaves_its_connection_for_the_next_call(standin: Standin, kind: str) -> None:
    for _ in range(3):
        ask([candidate(standin, "ok", kind)])
    assert len({asked.connection for asked in standin.requests}) == 1


@each_kind
@both
def test_what_is_set_is_sent_and_nothing_else(standin: Standin, kind: str, streaming: bool) -> None:
    parameters = Parameters(temperature=0.0, top_p=0.5, max_tokens=50, stop=("END", "STOP"), seed=7, json_output=True)
    messages = (Message.of("system", "Be brief."), Message.of("user", "a"), Message.of("assistant", "b"))
    asked = Request((*messages, Message.of("user", "c")), parameters)
    ask([candidate(standin, "ok", kind)], asked, streaming=streaming)
    body = standin.requests[0].body
    limit = "max_completion_tokens" if kind in ("groq", "cerebras") else "max_tokens"
    assert body.pop("messages") == [{"role": message.role, "content": message.text} for message in asked.messages]
    assert (body.pop("stream", False), bool(body.pop("stream_options", None))) in [
        (False, False),
        (True, kind != "groq"),
    ]
    assert body == {
        "model": "ok",
        "temperature": 0.0,
        "top_p": 0.5,
        limit: 50,
        "stop": ["END", "STOP"],
        "seed": 7,
        "response_format": {"type": "json_object"},
    }
    standin.reset()
    ask([candidate(standin, "ok", kind)], streaming=streaming)
    assert set(standin.requests[0].body) <= {"model", "messages", "stream", "stream_options"}


@each_kind
def test_a_parameter_the_model_refuses_is_not_sent(standin: Standin, kind: str) -> None:
    asked = request(parameters=Parameters(temperature=0.5))
    model = "invalid-parameter:temperature"
    assert ask([candidate(standin, model, kind)], asked).notes.categories == [Category.INVALID_REQUEST]
    careful = candidate(standin, model, kind, refused_parameters=frozenset({"temperature", "stream_options"}))
    assert ask([careful], asked).error is None
    assert "stream_options" not in standin.requests[-1].body or kind == "cerebras"


@each_kind
def test_images_and_files_are_sent_as_parts(standin: Standin, kind: str) -> None:
    parts = (TextPart("What is this?"), ImagePart("image/png", b"\x89PNG"))
    if kind != "llm":
        parts = (*parts, FilePart("application/pdf", "a.pdf", b"%PDF"))  # type: ignore[assignment]
    adapters.load(kind).ask(Request((Message("user", parts),)), candidate(standin, "ok", kind))
    content = standin.requests[0].body["messages"][0]["content"]
    assert content[0] == {"type": "text", "text": "What is this?"}
    assert content[1]["image_url"]["url"] == "data:image/png;base64,iVBORw=="
    if kind != "llm":
        assert content[2]["file"] == {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}


@each_kind
def test_the_models_of_a_provider_are_listed_with_what_it_tells(standin: Standin, kind: str) -> None:
    standin.models({"groq": "groq", "cerebras": "cerebras"}.get(kind, "compatible"), ["b", "llama-standin"])
    found = adapters.load(kind).list_models(candidate(standin, kind=kind))
    assert [model.name for model in found] == ["b", "llama-standin"]
    if kind == "groq":
        assert (found[1].context_window, found[1].max_output_tokens) == (8192, 32768)


@each_kind
@pytest.mark.parametrize("step", ["status:401", "html-200"])
def test_a_list_that_is_none_is_an_error(standin: Standin, kind: str, step: str) -> None:
    standin.script("/models", [step])
    with pytest.raises(CallError) as failed:
        adapters.load(kind).list_models(candidate(standin, kind=kind))
    assert failed.value.category is (Category.AUTHENTICATION if step == "status:401" else Category.SERVER_ERROR)


@pytest.mark.parametrize("kind", ["groq", "cerebras"])
@pytest.mark.parametrize("key", [None, "", "gsk_\n1", "schlüssel"])
def test_a_missing_or_impossible_key_is_said_without_a_call(standin: Standin, kind: str, key: str | None) -> None:
    answered = ask([candidate(standin, kind=kind, api_key=key)])
    assert answered.notes.categories == [Category.AUTHENTICATION]
    assert answered.notes.outcomes[0].cost == 0
    assert standin.requests == []


def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        adapters.load("telepathy")


# The models of llm's own registry.


@both
@pytest.mark.parametrize("prompt", ["Say it back.\n\n  Exactly. ", '{"prompt": "x"} is JSON', '{"raw": 1}', "[1, 2]"])
def test_echo_repeats_the_prompt_exactly(standin: Standin, streaming: bool, prompt: str) -> None:
    echo = candidate(standin, "echo", "llm", base_url=None, api_key=None)
    asked = Request((Message.of("system", "Be kind."), Message.of("user", prompt)))
    assert ask([echo], asked, streaming=streaming).completion.text == prompt


def test_the_registry_lists_installed_models_and_marks_those_that_are_no_ai(standin: Standin) -> None:
    found = {
        model.name: model for model in adapters.load("llm").list_models(candidate(standin, kind="llm", base_url=None))
    }
    assert not found["echo"].is_ai
    assert found["gpt-4o"].is_ai


def test_a_model_llm_does_not_know_is_not_found(standin: Standin) -> None:
    answered = ask([candidate(standin, "no-such-model", "llm", base_url=None)])
    assert answered.notes.categories == [Category.MODEL_NOT_FOUND]


def test_a_registry_model_never_takes_a_key_from_the_environment(
    standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_ECHO_NEEDS_KEY_KEY", "from-the-environment")
    needy = candidate(standin, "echo-needs-key", "llm", base_url=None, api_key=None)
    assert ask([needy]).notes.categories == [Category.AUTHENTICATION]
    assert ask([candidate(standin, "echo-needs-key", "llm", base_url=None, api_key="ours")]).completion.text == QUESTION


@both
def test_an_openai_model_of_the_registry_is_asked_without_llms_own_retries(
    standin: Standin, monkeypatch: pytest.MonkeyPatch, streaming: bool
) -> None:
    import llm

    chat: Any = llm.get_model("gpt-4o")
    chat.model_name, chat.api_base = "status:503", standin.compatible_url
    monkeypatch.setattr(llm, "get_model", lambda name: chat)
    with pytest.raises(CallError) as failed:
        adapters.load("llm").ask(request(), candidate(standin, "gpt-4o", "llm", base_url=None))
    assert failed.value.category is Category.OVERLOADED
    assert len(standin.requests) == 1
    chat.model_name = "ok"
    asked = request(parameters=Parameters(temperature=0.1, stop=("END",)))
    assert ask([candidate(standin, "gpt-4o", "llm", base_url=None)], asked, streaming=streaming).error is None
    assert standin.requests[-1].body["temperature"] == 0.1
