"""A request body as the engine's words. What cannot be honoured is refused by its name, never dropped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from marshmallow import ValidationError

from blogforge_llm.api.errors import flatten
from blogforge_llm.api.gateway.errors import Refused
from blogforge_llm.api.gateway.schemas import CompletionIn
from blogforge_llm.engine.types import Message, Parameters
from blogforge_llm.services.tasks.tasks import DEADLINE_MAX_S

DELIVERY_HEADER, DEADLINE_HEADER = "X-Blogforge-Delivery", "X-Blogforge-Deadline-S"

# Fields of OpenAI's, and then of vLLM's, that ask for something this gateway does not do, each with the values that
# ask for nothing: clients send these by default. What may be done with tools is nothing where there are none.
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "store": (False,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "verbosity": ("medium",),
    "metadata": ({},),
    "service_tier": ("auto", "default"),
    "web_search_options": (),
    "safety_identifier": (),
    "prompt_cache_key": (),
    "prompt_cache_retention": (),
    "best_of": (1,),
    "echo": (False,),
    "ignore_eos": (False,),
    "min_p": (0,),
    "repetition_penalty": (1,),
    "top_k": (-1, 0),
    "use_beam_search": (False,),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller wants, checked."""

    model: str
    messages: tuple[Message, ...]
    parameters: Parameters
    deadline_s: float | None  # None: the settings' own
    is_stream: bool
    is_live: bool
    wants_usage: bool
    wants_running_usage: bool


def read() -> Asked:
    """The current request. Raises Refused."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(
            "Content-Encoding",
            "Send the body as it is: Content-Encoding is not supported here.",
            code="unsupported_encoding",
        )
    body = _load(_json(request.get_data()))
    is_stream = body["stream"]
    if is_stream and "Idempotency-Key" in request.headers:
        raise Refused("Idempotency-Key", "A stream cannot be repeated byte for byte; ask without stream.")
    options = body.get("stream_options", {})
    if options and not is_stream:
        raise Refused("stream_options", "stream_options needs stream: true.")
    is_live = _is_live(body.get("delivery"), is_stream)
    if is_live and options.get("continuous_usage_stats"):
        field = "stream_options.continuous_usage_stats"
        raise Refused(field, f"{field} needs delivery complete: before its end nobody knows what a live answer costs.")
    return Asked(
        model=body["model"],
        messages=tuple(
            Message.of("system" if message["role"] == "developer" else message["role"], message["content"])
            for message in body["messages"]
        ),
        parameters=_parameters(body),
        deadline_s=_deadline_s(),
        is_stream=is_stream,
        is_live=is_live,
        wants_usage=options.get("include_usage", False),
        wants_running_usage=options.get("include_usage", False) and options.get("continuous_usage_stats", False),
    )


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused("body", "The body must be one JSON object.", code="invalid_json")
    return body


def _load(body: dict[str, Any]) -> Mapping[str, Any]:
    given = {name: value for name, value in body.items() if value is not None}
    for name, harmless in _UNSUPPORTED.items():
        if name in given and not _is_one_of(given.pop(name), harmless):
            raise Refused(name, f"{name} is not supported here. Leave it out.", code="unsupported_parameter")
    try:
        loaded: Mapping[str, Any] = CompletionIn().load(given)
    except ValidationError as error:
        raise _first(error) from error
    return loaded


def _is_one_of(value: Any, harmless: tuple[Any, ...]) -> bool:
    return any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in harmless)


def _first(error: ValidationError) -> Refused:
    found = flatten(error.normalized_messages())  # type: ignore[no-untyped-call]
    path, texts = next(iter(found.items()))
    param = path.removesuffix("._schema")
    if texts[0] == "Unknown field.":
        return Refused(param, f"Unrecognized request argument supplied: {param}", code="unknown_parameter")
    code = "missing_required_parameter" if texts[0].startswith("Missing data") else "invalid_value"
    return Refused(param, f"{param}: {texts[0]}", code=code)


def _parameters(body: Mapping[str, Any]) -> Parameters:
    old, new = body.get("max_tokens"), body.get("max_completion_tokens")
    if old is not None and new is not None and old != new:
        raise Refused("max_tokens", "max_tokens and max_completion_tokens differ. Send one of them.")
    return Parameters(
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
        max_tokens=old if new is None else new,
        stop=tuple(text for text in body.get("stop", []) if text),
        seed=body.get("seed"),
        json_output=body.get("response_format", {}).get("type") == "json_object",
        json_schema=body.get("response_format", {}).get("json_schema"),
        presence_penalty=body.get("presence_penalty") or None,  # 0 is no penalty, and some models refuse to hear of it
        frequency_penalty=body.get("frequency_penalty") or None,
        reasoning_effort=body.get("reasoning_effort"),
    )


def _is_live(in_body: str | None, is_stream: bool) -> bool:
    in_header = request.headers.get(DELIVERY_HEADER)
    if in_header not in (None, "complete", "live"):
        raise Refused(DELIVERY_HEADER, f"{DELIVERY_HEADER} is complete or live.")
    if in_body and in_header and in_body != in_header:
        raise Refused("delivery", f"delivery and {DELIVERY_HEADER} differ. Send one of them.")
    is_live = (in_body or in_header) == "live"
    if is_live and not is_stream:
        raise Refused("delivery", "delivery live needs stream: true; without it every answer is complete.")
    return is_live


def _deadline_s() -> float | None:
    given = request.headers.get(DEADLINE_HEADER)
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= DEADLINE_MAX_S:  # nan is not either
        raise Refused(DEADLINE_HEADER, f"{DEADLINE_HEADER} is a number of seconds from 0.1 to {DEADLINE_MAX_S:.0f}.")
    return seconds
