"""Models of Simon Willison's `llm` and its plugins. With a base URL the name is asked of that server through llm's
OpenAI Chat class; without, it is a model of the installed registry. Keys come from the candidate only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from blogforge_llm.engine import addresses, calls, clients, provider_errors
from blogforge_llm.engine.adapters import chat, endings, openai_compatible, stainless, threads
from blogforge_llm.engine.types import (
    NO_TOKENS,
    CallError,
    Candidate,
    DiscoveredModel,
    Message,
    Reply,
    Request,
    TextPart,
    Usage,
)
from blogforge_llm.records.tasks import Category, Source

_user_path: Path | None = None


def configure(user_path: Path) -> None:
    """Where llm keeps its files: never the home of whoever runs us, whose keys it would use. Once per process."""
    global _user_path
    _user_path = user_path


def ask(request: Request, candidate: Candidate) -> Reply:
    pieces = _run(request, candidate, stream=False)
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


def stream(request: Request, candidate: Candidate) -> Generator[str, None, Reply]:
    return _run(request, candidate, stream=True)


def list_models(candidate: Candidate) -> list[DiscoveredModel]:
    if candidate.base_url:
        return openai_compatible.list_models(candidate)
    models = [registered.model for registered in _llm().get_models_with_aliases() if registered.model]
    return [DiscoveredModel(model.model_id, is_ai=not _is_echo(model)) for model in models]


def _run(request: Request, candidate: Candidate, *, stream: bool) -> Generator[str, None, Reply]:
    answer = chat.Answer()
    try:
        model = _model(request, candidate, answer)
        response = model.prompt(**_payload(request, candidate, model), stream=stream and model.can_stream)
        if not candidate.base_url:
            calls.begin()  # a plugin sends by its own means, not through our transports
        yield from _send(model, response)
        return answer.reply() if answer.has_begun else _reply(model, response)
    except Exception as error:
        if answer.finish_reason is None:
            raise _failure(error, answer) from error
    return answer.reply()


def _model(request: Request, candidate: Candidate, answer: chat.Answer) -> Any:
    llm = _llm()
    if candidate.base_url:
        from llm.default_plugins.openai_models import Chat

        model: Any = Chat(candidate.model_name, vision=True)  # type: ignore[no-untyped-call]
        model.needs_key = None
    else:
        model = llm.get_model(candidate.model_name)
    if model.needs_key and not candidate.api_key:  # llm would look into its own key file and the environment
        raise CallError(
            Category.AUTHENTICATION, f"the model {candidate.model_name} needs a key and none is set", usage=NO_TOKENS
        )
    if _is_openai(model):
        asked = replace(candidate, base_url=candidate.base_url or model.api_base)
        model.get_client = lambda key, **_: _client(request, asked, answer)
    return model


def _client(request: Request, candidate: Candidate, answer: chat.Answer) -> Any:
    """In place of llm's own, which is made anew for every call and retries: our client, watched by `answer`."""
    client = clients.openai(candidate)
    parameters = openai_compatible.parameters(request, candidate)

    def create(*, stream: bool, **payload: Any) -> Any:
        if "stream_options" in candidate.refused_parameters:
            payload.pop("stream_options", None)
        result: Any = client.chat.completions.create(**payload | parameters, stream=stream)
        if not stream:
            answer.add_whole(result)
            answer.reply()  # raises what llm would stumble over
            return result
        return _watched(result, answer)

    completions = SimpleNamespace(create=create)
    return SimpleNamespace(chat=SimpleNamespace(completions=completions), responses=client.responses)


def _watched(chunks: Any, answer: chat.Answer) -> Iterator[Any]:
    """The text alone, in chunks as llm expects them: it stumbles over null deltas, lists of parts and whole answers."""
    with chunks:
        for piece in answer.pieces(chunks):
            if piece:
                delta = SimpleNamespace(role="assistant", content=piece, tool_calls=None)
                choice = SimpleNamespace(delta=delta, finish_reason=None, logprobs=None)
                yield SimpleNamespace(choices=[choice], usage=None)
            elif (call := calls.current()) is not None:
                call.progress()  # reasoning


# Payload


def _payload(request: Request, candidate: Candidate, model: Any) -> dict[str, Any]:
    if _is_echo(model):
        return _echo_payload(request) | ({"key": candidate.api_key} if model.needs_key else {})
    payload: dict[str, Any] = {"messages": [_message(message) for message in request.messages]}
    if not candidate.base_url:
        payload["options"] = _options(request, candidate, model)
        if schema := request.parameters.json_schema:
            if not model.supports_schema:
                text = f"the plugin of {candidate.model_name} knows no JSON schemas"
                raise CallError(Category.INVALID_REQUEST, text, usage=NO_TOKENS)
            payload["schema"] = schema.get("schema")
    return payload | ({"key": candidate.api_key} if model.needs_key else {})


def _options(request: Request, candidate: Candidate, model: Any) -> dict[str, Any]:
    """The parameters the model declares. Plugins name them alike, except the limit on the answer."""
    parameters = request.parameters
    stop = parameters.stop
    wanted = {
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        "max_tokens": parameters.max_tokens,
        "max_output_tokens": parameters.max_tokens,
        "num_predict": parameters.max_tokens,
        "stop": stop[0] if len(stop) == 1 else list(stop) or None,
        "seed": parameters.seed,
        "presence_penalty": parameters.presence_penalty,
        "frequency_penalty": parameters.frequency_penalty,
        "reasoning_effort": parameters.reasoning_effort,
        "json_object": parameters.json_output or None,
    }
    known = set(model.Options.model_fields) - candidate.refused_parameters
    return {name: value for name, value in wanted.items() if value is not None and name in known}


def _message(message: Message) -> Any:
    import llm
    from llm.parts import AttachmentPart
    from llm.parts import TextPart as LLMText

    parts: list[Any] = [
        LLMText(text=part.text)
        if isinstance(part, TextPart)
        else AttachmentPart(attachment=llm.Attachment(type=part.media_type, content=part.data))
        for part in message.parts
    ]
    return llm.Message(role=message.role, parts=parts)


def _echo_payload(request: Request) -> dict[str, Any]:
    # llm-echo ignores `messages`, and takes a prompt that is a JSON object as orders to itself: `raw` is one to repeat.
    system = "\n\n".join(message.text for message in request.messages if message.role == "system")
    prompt = "\n\n".join(message.text for message in request.messages if message.role != "system")
    return {
        "prompt": json.dumps({"raw": prompt}) if prompt.lstrip().startswith("{") else prompt,
        "system": system or None,
    }


# Send


def _send(model: Any, response: Any) -> Iterator[str]:
    if _is_echo(model):
        yield _unwrapped(response.text())
        return
    # A plugin brings its own connections, which nobody can shut down: it runs in a thread that can be left alone.
    events = response.stream_events() if _is_openai(model) else threads.iterate(response.stream_events)
    for event in events:
        if event.type == "text":
            yield event.chunk
        elif event.chunk:
            yield ""


# Map the reply


def _reply(model: Any, response: Any) -> Reply:
    usage = response.usage()
    counts = Usage()
    if usage.input is not None and usage.output is not None:
        counts = Usage(usage.input, usage.output, Source.KNOWN)
    if _is_echo(model):
        return Reply(_unwrapped(response.text()), "stop", counts)
    finish_reason = _finish_reason(response.response_json or {})
    if finish_reason is None and _is_openai(model):
        raise CallError(Category.STREAM_CUT, "ended without a finish reason", usage=counts)
    return Reply(response.text(), finish_reason or "stop", counts)  # most plugins tell none, and raise when cut off


def _finish_reason(raw: dict[str, Any]) -> str | None:
    """As OpenAI's two APIs, Anthropic and Gemini spell it in what their plugins keep of the answer."""
    incomplete = (raw.get("incomplete_details") or {}).get("reason")
    if incomplete:
        return endings.reason(incomplete)
    nested: dict[str, Any] = next(iter(raw.get("choices") or raw.get("candidates") or []), {})
    found = (
        raw.get("finish_reason") or raw.get("stop_reason") or nested.get("finish_reason") or nested.get("finishReason")
    )
    if found is None and raw.get("status") == "completed":
        return "stop"
    return endings.reason(str(found).lower()) if found else None


def _unwrapped(text: str) -> str:
    try:
        return str(json.loads(text)["prompt"])
    except (ValueError, KeyError, TypeError):
        return text


# Map the errors


def _failure(error: Exception, answer: chat.Answer) -> CallError:
    import llm
    import openai

    if isinstance(error, llm.UnknownModelError):
        return CallError(Category.MODEL_NOT_FOUND, f"llm has no model of this name installed: {error}")
    if isinstance(error, llm.NeedsKeyException):
        return CallError(Category.AUTHENTICATION, str(error))
    if type(error).__name__ == "ValidationError" or isinstance(
        error, llm.ConversationNotSupported | NotImplementedError
    ):
        return CallError(Category.INVALID_REQUEST, str(error))
    if isinstance(error, CallError | openai.OpenAIError | addresses.Refused) or answer.has_begun:
        return stainless.failure(openai, error, answer)
    return _plugin_failure(error)


def _plugin_failure(error: Exception) -> CallError:
    """Plugins raise what their own HTTP library or SDK raises: told apart by the marks these have in common."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    if isinstance(status, int):
        return provider_errors.failure(
            status, getattr(error, "body", None), getattr(response, "headers", None), str(error)
        )
    kinds = {base.__name__ for base in type(error).__mro__}
    if kinds & {"TimeoutException", "Timeout", "TimeoutError"}:
        return CallError(Category.TIMEOUT, str(error))
    if kinds & {"TransportError", "APIConnectionError", "ConnectionError"}:
        return CallError(Category.CONNECTION, str(error))
    return provider_errors.failure(None, None, text=f"{type(error).__name__}: {error}")


def _is_echo(model: Any) -> bool:
    return type(model).__module__ == "llm_echo"


def _is_openai(model: Any) -> bool:
    return hasattr(model, "get_client")


def _llm() -> Any:
    if _user_path is None:
        raise RuntimeError("llm_library.configure(user_path) was not called")
    os.environ["LLM_USER_PATH"] = str(_user_path)
    import llm

    return llm
