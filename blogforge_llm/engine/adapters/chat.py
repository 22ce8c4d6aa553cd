"""OpenAI's chat format, which groq, cerebras, OpenAI-compatible servers and llm's Chat class all speak: the payload
that is sent, and the answer put together from chunks or taken from a whole completion, of which nothing is trusted.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from blogforge_llm.engine import calls, provider_errors
from blogforge_llm.engine.adapters import endings
from blogforge_llm.engine.types import (
    NO_TOKENS,
    CallError,
    Candidate,
    ContentPart,
    DiscoveredModel,
    ImagePart,
    Message,
    Parameters,
    Reply,
    Request,
    TextPart,
    Usage,
)
from blogforge_llm.records.tasks import Category, Source


def payload(request: Request, candidate: Candidate, *, token_limit: str) -> dict[str, Any]:
    """Keyword arguments for `chat.completions.create`. `token_limit` is what the vendor calls max_tokens."""
    messages = [_message(message) for message in request.messages]
    return {
        "model": candidate.model_name,
        "messages": messages,
        **parameters(request, candidate, token_limit=token_limit),
    }


def parameters(request: Request, candidate: Candidate, *, token_limit: str) -> dict[str, Any]:
    """Those that are set and that the model is not known to refuse."""
    wanted = {
        "temperature": request.parameters.temperature,
        "top_p": request.parameters.top_p,
        token_limit: request.parameters.max_tokens,
        "stop": list(request.parameters.stop) or None,
        "seed": request.parameters.seed,
        "presence_penalty": request.parameters.presence_penalty,
        "frequency_penalty": request.parameters.frequency_penalty,
        "reasoning_effort": request.parameters.reasoning_effort,
        "response_format": _response_format(request.parameters),
    }
    refused = candidate.refused_parameters
    return {name: value for name, value in wanted.items() if value is not None and name not in refused}


def _response_format(parameters: Parameters) -> dict[str, Any] | None:
    if parameters.json_schema is not None:
        return {"type": "json_schema", "json_schema": dict(parameters.json_schema)}
    return {"type": "json_object"} if parameters.json_output else None


def _message(message: Message) -> dict[str, Any]:
    if all(isinstance(part, TextPart) for part in message.parts):
        return {"role": message.role, "content": message.text}  # many servers take lists of parts for images only
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: ContentPart) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    url = f"data:{part.media_type};base64,{base64.b64encode(part.data).decode()}"
    if isinstance(part, ImagePart):
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": part.name, "file_data": url}}


class Answer:
    """What has come of an answer so far."""

    def __init__(self) -> None:
        self.has_begun = False  # the server answered with a stream
        self.finish_reason: str | None = None
        self._has_chunks = False
        self._index: int | None = None  # of the choice that is taken, where there are several
        self._texts: list[str] = []
        self._half = ""  # of a character that was cut in two by a server that counts as JavaScript does
        self._refusal = ""
        self.usage = Usage()
        self._request_id: str | None = None

    def pieces(self, chunks: Iterable[Any]) -> Iterator[str]:
        """The texts of a stream as they come, "" for progress without text. After the finish reason the call waits
        only briefly for what may follow."""
        self.has_begun = True
        for chunk in chunks:
            was_whole, had_usage = self.finish_reason is not None, self.usage.source is Source.KNOWN
            piece = self.add(chunk)
            self._settle(was_whole, had_usage)
            if piece is not None:
                yield piece
        if not self._has_chunks and (whole := _instead(chunks)) is not None:
            self.add_whole(whole)
            if self._texts:
                yield "".join(self._texts)

    def add(self, chunk: Any) -> str | None:
        """Take a chunk in; its text, "" for reasoning or a tool call, None for nothing. Raises CallError."""
        if error := _get(chunk, "error") or _get(_get(chunk, "x_groq"), "error"):
            failed = provider_errors.failure(None, _plain(error))
            failed.usage = self.usage_of_error()
            raise failed
        choices = _get(chunk, "choices")
        usage = _get(chunk, "usage") or _get(_get(chunk, "x_groq"), "usage")
        if choices is None and usage is None:
            self._take_other(chunk)
            return None
        self._has_chunks = True
        self._request_id = _get(_get(chunk, "x_groq"), "id") or self._request_id or _get(chunk, "id")
        if usage:
            self.usage = _usage(usage)
        choice = self._ours(choices) if choices else None
        return self._take(choice) if choice is not None else None

    def add_whole(self, completion: Any) -> None:
        """Take in an answer that was not streamed. Raises CallError when it is something else, an HTML page say."""
        completion = _parsed(completion)
        choices = _get(completion, "choices")
        if not choices and not _get(completion, "error"):
            failed = provider_errors.failure(None, _plain(completion), text="answered with no completion")
            failed.usage = NO_TOKENS if _get(completion, "message") else Usage()  # Cerebras nests no errors
            raise failed
        self.has_begun = True
        first = choices[0] if choices else {}
        choice = {"delta": _get(first, "message"), "finish_reason": _get(first, "finish_reason")}
        self.add({name: _get(completion, name) for name in ("error", "usage", "x_groq", "id")} | {"choices": [choice]})

    def reply(self) -> Reply:
        """The whole answer. Raises CallError when it has no finish reason, or one that means there is none."""
        text = "".join(self._texts)
        if self.finish_reason is None:
            raise CallError(Category.STREAM_CUT, "ended without a finish reason", usage=self.usage)
        if category := endings.NO_ENDS.get(self.finish_reason):
            raise CallError(category, f"ended with the finish reason {self.finish_reason}", usage=self.usage)
        if self._refusal and not text:
            raise CallError(Category.CONTENT_FILTER, self._refusal, usage=self.usage)
        return Reply(text, self.finish_reason, self.usage, self._request_id)

    def _take_other(self, chunk: Any) -> None:
        """A sign of life, or an error that is not named as one. Raises CallError."""
        if _get(chunk, "type") == "ping" or _get(chunk, "object") == "chat.completion.chunk":
            return
        if _get(chunk, "object") == "error" or _get(chunk, "message") or _get(chunk, "detail"):  # vLLM, FastAPI
            failed = provider_errors.failure(None, _plain(chunk))
            failed.usage = self.usage_of_error()
            raise failed
        raise CallError(Category.STREAM_CUT, "sent an event that is no part of an answer")

    def usage_of_error(self) -> Usage:
        """An error in place of an answer costs nothing, like one with a status of its own; in mid-answer it may."""
        return self.usage if self._has_chunks else NO_TOKENS

    def _ours(self, choices: Any) -> Any:
        """The choice that came first: one was asked for, and what others say or how they end is no part of it."""
        if self._index is None and _is_count(index := _get(choices[0], "index")):
            self._index = index
        return next((choice for choice in choices if _get(choice, "index") in (None, self._index)), None)

    def _joined(self, text: str) -> str:
        """The text with a character that came in two halves put together; a half at its end waits for the other."""
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        if text and "\ud800" <= text[0] <= "\udbff":
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return text

    def _take(self, choice: Any) -> str | None:
        self.finish_reason = endings.reason(_get(choice, "finish_reason")) or self.finish_reason
        delta = _get(choice, "delta")
        if delta is None and not self._texts:
            delta = _get(choice, "message")  # a server that sends its whole answer as the one event of a stream
        aside = _aside(delta)
        if text := self._joined(_text(_get(delta, "content"))):
            self._texts.append(text)
        if refusal := _text(_get(delta, "refusal")):
            self._refusal += refusal
        if (call := calls.current()) is not None and delta is not None:
            call.has_begun = True
            call.said.append((aside or "") + text + refusal)
        return text or (None if aside is None else "")

    def _settle(self, was_whole: bool, had_usage: bool) -> None:
        call, has_usage = calls.current(), self.usage.source is Source.KNOWN
        if call is None or self.finish_reason is None or (was_whole and had_usage == has_usage):
            return
        # Servers that keep the connection open would keep us waiting for ever.
        call.settle(calls.END_WAIT_S if has_usage else calls.USAGE_WAIT_S)


def whole(completion: Any) -> Reply:
    """The reply in a completion that was not streamed. Raises CallError when there is none in it."""
    answer = Answer()
    answer.add_whole(completion)
    return answer.reply()


def models(page: Any) -> list[DiscoveredModel]:
    """The models in a provider's list, with what it tells of them. Raises CallError when it is no list."""
    rows = _get(page, "data")
    if not isinstance(rows, list):
        raise CallError(Category.SERVER_ERROR, f"answered with something else than a list of models: {str(page)[:500]}")
    by_name = {name: row for row in rows if (name := _get(row, "id"))}
    return [
        DiscoveredModel(name, _first_int(row, *_WINDOWS), _first_int(row, *_LONGEST))
        for name, row in sorted(by_name.items())
    ]


# How Groq, Mistral, vLLM, OpenRouter and others call the context window and the longest answer in their lists.
_WINDOWS = ("context_window", "context_length", "max_context_length", "max_model_len")
_LONGEST = ("max_completion_tokens", "max_output_tokens")
_MOST_TOKENS = 2**31 - 1


def _first_int(row: Any, *names: str) -> int | None:
    return next((value for name in names if isinstance(value := _get(row, name), int) and value > 0), None)


def _usage(usage: Any) -> Usage:
    prompt, completion = _get(usage, "prompt_tokens"), _get(usage, "completion_tokens")
    if not _is_count(prompt) or not _is_count(completion):
        return Usage()
    return Usage(int(prompt), int(completion), Source.KNOWN)


def _is_count(value: Any) -> bool:
    """Not below zero, and no more than a row can hold: anything else was not told."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS


def _aside(delta: Any) -> str | None:
    """What is said beside the answer: reasoning, or the arguments of a tool call; None when there is neither."""
    calls_of_tools, content = _get(delta, "tool_calls"), _get(delta, "content")
    thoughts = _text(_get(delta, "reasoning")) or _text(_get(delta, "reasoning_content"))
    if isinstance(content, list):  # Mistral sends its thoughts as a part of the content
        thoughts += "".join(_text(_get(part, "thinking")) for part in content)
    if isinstance(calls_of_tools, list):
        return thoughts + "".join(_text(_get(_get(made, "function"), "arguments")) for made in calls_of_tools)
    return thoughts or None


def _get(thing: Any, name: str) -> Any:
    # cerebras gives dicts where a field it expects is missing (no system_fingerprint); the SDKs check nothing. Not
    # getattr on their models: looking for a field that is not there costs 2 us each, for every chunk.
    if isinstance(thing, dict):
        return thing.get(name)
    fields = getattr(thing, "__dict__", None) or {}
    return fields[name] if name in fields else (getattr(thing, "__pydantic_extra__", None) or {}).get(name)


def _text(content: Any) -> str:
    if isinstance(content, list):  # Mistral sends a list of parts
        return "".join(_text(_get(part, "text")) for part in content)
    return content if isinstance(content, str) else ""


def _parsed(completion: Any) -> Any:
    """The SDKs hand over a text where the content type is not JSON's; some servers only say so wrongly."""
    if not isinstance(completion, str):
        return completion
    try:
        return json.loads(completion)
    except ValueError:
        raise CallError(Category.SERVER_ERROR, f"answered with no JSON: {completion[:500]}") from None


def _instead(chunks: Any) -> Any:
    """What came in place of a stream: the JSON of a whole answer, or of an error. Raises CallError for anything else
    that is no stream."""
    kind, call = _media_type(chunks), calls.current()
    if kind == "application/json" and call is not None:
        with contextlib.suppress(ValueError):
            if (whole := json.loads(b"".join(call.body))) is not None:
                return whole
    if kind in ("text/html", "application/json"):
        raise CallError(Category.SERVER_ERROR, f"answered with {kind} instead of a stream")
    return None


def _plain(thing: Any) -> Any:
    return thing.model_dump() if hasattr(thing, "model_dump") else thing


def _media_type(chunks: Any) -> str:
    headers = getattr(getattr(chunks, "response", None), "headers", {})
    return str(headers.get("content-type", "")).split(";")[0].strip().lower()
