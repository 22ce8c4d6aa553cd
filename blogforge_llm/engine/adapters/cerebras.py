"""Cerebras through its own SDK. Errors inside a stream come under status 200, the true one in their body."""

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
        page = clients.cerebras(candidate).models.list(timeout=_LIST_TIMEOUT_S)
        return chat.models(page)
    except Exception as error:
        raise _failure(error) from error


def _payload(request: Request, candidate: Candidate, stream: bool) -> dict[str, Any]:
    payload = chat.payload(request, candidate, token_limit="max_completion_tokens")
    return payload | ({"stream_options": {"include_usage": True}} if stream else {})


def _send(request: Request, candidate: Candidate, *, stream: bool) -> Any:
    from cerebras.cloud import sdk

    payload = _payload(request, candidate, stream)
    return stainless.send(sdk, clients.cerebras(candidate), "/v1/chat/completions", payload, stream=stream)


def _failure(error: Exception, answer: chat.Answer | None = None) -> CallError:
    from cerebras.cloud import sdk

    return stainless.failure(sdk, error, answer)
