"""Any server that speaks OpenAI's API, through the openai SDK: a vendor is a row (address, key), not a class."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from blogforge_llm.engine import clients
from blogforge_llm.engine.adapters import chat, stainless
from blogforge_llm.engine.types import CallError, Candidate, DiscoveredModel, Reply, Request

_LIST_TIMEOUT_S = 10.0


def ask(request: Request, candidate: Candidate) -> Reply:
    try:
        return chat.whole(_send(request, candidate, stream=False))
    except Exception as error:
        raise _failure(error) from error


def stream(request: Request, candidate: Candidate) -> Generator[str, None, Reply]:
    answer = chat.Answer()
    try:
        with _send(request, candidate, stream=True) as chunks:
            yield from answer.pieces(chunks)
    except Exception as error:
        if answer.finish_reason is None:
            raise _failure(error, answer) from error
    return answer.reply()


def list_models(candidate: Candidate) -> list[DiscoveredModel]:
    try:
        page = clients.openai(candidate).models.list(timeout=_LIST_TIMEOUT_S)
        return chat.models(page)
    except Exception as error:
        raise _failure(error) from error


def _payload(request: Request, candidate: Candidate, stream: bool) -> dict[str, Any]:
    payload = chat.payload(request, candidate, token_limit=_token_limit(candidate))
    if stream and "stream_options" not in candidate.refused_parameters:
        payload["stream_options"] = {"include_usage": True}
    return payload


def parameters(request: Request, candidate: Candidate) -> dict[str, Any]:
    """The payload without model and messages, for llm_library."""
    return chat.parameters(request, candidate, token_limit=_token_limit(candidate))


def _token_limit(candidate: Candidate) -> str:
    # OpenAI's own newer models refuse max_tokens, most other servers know nothing else.
    is_openai = candidate.base_url is None or "//api.openai.com" in candidate.base_url
    return "max_completion_tokens" if is_openai or "max_tokens" in candidate.refused_parameters else "max_tokens"


def _send(request: Request, candidate: Candidate, *, stream: bool) -> Any:
    import openai

    payload = _payload(request, candidate, stream)
    return stainless.send(openai, clients.openai(candidate), "/chat/completions", payload, stream=stream)


def _failure(error: Exception, answer: chat.Answer | None = None) -> CallError:
    import openai

    return stainless.failure(openai, error, answer)
