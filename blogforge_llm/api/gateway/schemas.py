"""What goes in and out of /v1, in OpenAI's words. Types are those of JSON: "1" is no number, 1 is no boolean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from blogforge_llm.api.fields import FILLED, LARGEST, STORABLE, Flag, Line, Real, Text, Whole

LONGEST_TEXT = 4_000_000
LONGEST_JSON = 200_000
_ROLES = ("system", "developer", "user", "assistant")
_STOP = {"type": "string", "pattern": STORABLE}


class Stop(fields.Field[list[str]]):
    """A text, or up to four."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or len(listed) > 4:
            raise ValidationError("Give a text, or a list of up to four.")
        return [_text(text, at=str(number)) for number, text in enumerate(listed)]


class Content(fields.Field[str]):
    """A text, or a list of parts of the type text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, list):
            return str(Text(validate=validate.Length(max=LONGEST_TEXT)).deserialize(value))
        return "".join(self._part(part, str(number)) for number, part in enumerate(value))

    def _part(self, part: Any, at: str) -> str:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind != "text":
            named = f" of the type {kind[:40]}" if isinstance(kind, str) else " without a type"
            raise ValidationError({at: [f"A part{named} is not supported here; send parts of the type text."]})
        if others := {name for name, value in part.items() if value is not None} - {"type", "text"}:
            raise ValidationError({f"{at}.{sorted(others)[0]}": ["Unknown field."]})
        return _text(part.get("text"), at=f"{at}.text")


_TEXT_PART = {
    "type": "object",
    "required": ["type", "text"],
    "properties": {"type": {"const": "text"}, "text": {"type": "string", "pattern": STORABLE}},
    "additionalProperties": False,
}


class CompletionMessageIn(Schema):
    role = fields.String(
        required=True,
        validate=validate.OneOf(_ROLES, error="Must be one of: {choices}. Tools are not supported here."),
        metadata={"description": "developer is sent as system.", "example": "user"},
    )
    content = Content(
        required=True,
        metadata={
            "oneOf": [{"type": "string"}, {"type": "array", "items": _TEXT_PART}],
            "description": "A text, or a list of parts `{type: text, text}`.",
            "example": "Why does bread rise?",
        },
    )

    @pre_load
    def drop_empty(self, data: Any, **kwargs: Any) -> Any:
        """Clients send back what they made of an answer, LiteLLM's a `provider_specific_fields` full of nulls. What
        stands in such a field would be lost here, so only empty ones are taken."""
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if name in self.fields or not _is_empty(value)}


class PlainJson(fields.Field[dict[str, Any]]):
    """An object that a row can hold: no NUL, no half characters, no novel."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("Not a valid object.")
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (RecursionError, ValueError):
            raise ValidationError("It is nested too deeply, or has a number that JSON does not know.") from None
        if len(text) > LONGEST_JSON:
            raise ValidationError(f"It is longer than {LONGEST_JSON:,} characters.")
        if "\\u0000" in text or re.search("[\ud800-\udfff]", text):
            raise ValidationError("It has characters that cannot be stored.")
        return dict(value)


class JsonSchema(Schema):
    name = Line(required=True, max_length=64, metadata={"example": "answer"})
    description = Text(allow_none=True, validate=validate.Length(max=2000))
    schema = PlainJson(required=True, metadata={"type": "object", "description": "The JSON schema of the answer."})
    strict = Flag(allow_none=True)


class ResponseFormat(Schema):
    rules = {"not": {"anyOf": [
        {"properties": {"type": {"const": "json_schema"}, "json_schema": {"type": "null"}}},
        {"required": ["json_schema"],
         "properties": {"type": {"enum": ["text", "json_object"]}, "json_schema": {"type": "object"}}},
    ]}}  # fmt: skip

    type = fields.String(required=True, validate=validate.OneOf(["text", "json_object", "json_schema"]))
    json_schema = fields.Nested(
        JsonSchema, allow_none=True, metadata={"description": "Only with the type json_schema."}
    )

    @validates_schema
    def belong_together(self, data: Any, **kwargs: Any) -> None:
        if (data["type"] == "json_schema") != (data.get("json_schema") is not None):
            raise ValidationError("json_schema stands with the type json_schema, and with no other.", "json_schema")


class StreamOptions(Schema):
    include_usage = Flag(load_default=False, metadata={"description": "A last chunk tells the token counts."})
    continuous_usage_stats = Flag(
        load_default=False,
        metadata={"description": "vLLM's: with include_usage, every chunk tells them. Not with delivery live."},
    )
    include_obfuscation = Flag(validate=validate.Equal(False, error="Padding is not supported here."))


_FALSE, _WHOLE = {"enum": [False, None]}, {"type": "integer"}
_RUNNING = {
    "type": "object",
    "required": ["continuous_usage_stats"],
    "properties": {"continuous_usage_stats": {"const": True}},
}


# Somebody must ask something: a system's text alone is no question.
_SPEAKS = {
    "required": ["role", "content"],
    "properties": {
        "role": {"const": "user"},
        "content": {
            "anyOf": [
                {"type": "string", "pattern": FILLED},
                {"type": "array", "contains": {"properties": {"text": {"pattern": FILLED}}}},
            ]
        },
    },
}


class CompletionIn(Schema):
    """OpenAI's request. A field that is not listed is refused by its name; null is as good as absent."""

    rules = {"not": {"anyOf": [
        {"required": ["stream_options"], "properties": {"stream": _FALSE, "stream_options": {"type": "object"}}},
        {"required": ["delivery"], "properties": {"stream": _FALSE, "delivery": {"const": "live"}}},
        {"required": ["delivery", "stream_options"],
         "properties": {"delivery": {"const": "live"}, "stream_options": _RUNNING}},
        {"required": ["max_tokens", "max_completion_tokens"],
         "properties": {"max_tokens": _WHOLE, "max_completion_tokens": _WHOLE}},
    ]}}  # fmt: skip

    model = Line(
        required=True,
        max_length=400,
        metadata={
            "description": "A route, which has fallback; or one model alone, as name or Provider/name.",
            "example": "Default",
        },
    )
    messages = fields.List(
        fields.Nested(CompletionMessageIn),
        required=True,
        validate=validate.Length(1, 2000, error="Send 1 to 2000 messages."),
        metadata={"contains": _SPEAKS},
    )
    temperature = Real(allow_none=True, validate=validate.Range(0, 2), metadata={"example": 0.7})
    top_p = Real(allow_none=True, validate=validate.Range(0, 1))
    max_tokens = Whole(allow_none=True, validate=validate.Range(1, 10_000_000))
    max_completion_tokens = Whole(
        allow_none=True,
        validate=validate.Range(1, 10_000_000),
        metadata={"description": "The newer name of max_tokens."},
    )
    stop = Stop(
        allow_none=True,
        metadata={
            "oneOf": [_STOP, {"type": "null"}, {"type": "array", "items": _STOP, "maxItems": 4}],
            "description": "A text, or a list of up to four.",
        },
    )
    seed = Whole(allow_none=True, validate=validate.Range(-LARGEST, LARGEST))
    presence_penalty = Real(allow_none=True, validate=validate.Range(-2, 2))
    frequency_penalty = Real(allow_none=True, validate=validate.Range(-2, 2))
    reasoning_effort = fields.String(
        allow_none=True,
        validate=validate.OneOf(["none", "minimal", "low", "medium", "high", "xhigh", "default"]),
        metadata={"description": "Sent as it is; which of them a model takes is its provider's to say."},
    )
    response_format = fields.Nested(ResponseFormat, allow_none=True)
    stream = Flag(allow_none=True, load_default=False, metadata={"description": "Answer with server-sent events."})
    stream_options = fields.Nested(StreamOptions, allow_none=True, metadata={"description": "Only with stream."})
    delivery = fields.String(
        allow_none=True,
        validate=validate.OneOf(["complete", "live"]),
        metadata={
            "description": "Ours: `complete`, the default, holds the text until it is whole, so that a fallback in "
            "mid-answer is invisible; `live` sends it as it comes and ends with an error where that would be needed."
        },
    )
    user = Text(
        allow_none=True,
        validate=validate.Length(max=512),
        metadata={"description": "Taken and not used: the token tells who asks. It goes to no provider."},
    )


class CompletionMessageOut(Schema):
    role = fields.Constant("assistant")
    refusal = fields.Constant(None)
    content = fields.String(metadata={"example": "Yeast makes gas."})


class CompletionChoice(Schema):
    index = fields.Integer(metadata={"example": 0})
    message = fields.Nested(CompletionMessageOut)
    logprobs = fields.Constant(None)
    finish_reason = fields.String(metadata={"example": "stop"})


class CompletionUsage(Schema):
    """Of the call that answered; X-Blogforge-Cost counts those that failed too."""

    prompt_tokens = fields.Integer(metadata={"example": 9})
    completion_tokens = fields.Integer(metadata={"example": 4})
    total_tokens = fields.Integer(metadata={"example": 13})


class CompletionOut(Schema):
    id = fields.String(metadata={"example": "chatcmpl-task-7"})
    object = fields.Constant("chat.completion")
    created = fields.Integer(metadata={"example": 1790000000})
    model = fields.String(metadata={"description": "Who really answered.", "example": "llama-3.3-70b-versatile"})
    choices = fields.List(fields.Nested(CompletionChoice))
    usage = fields.Nested(CompletionUsage)


class OfferOut(Schema):
    id = fields.String(metadata={"description": "For `model` of a completion.", "example": "Default"})
    object = fields.Constant("model")
    created = fields.Integer(metadata={"example": 1790000000})
    owned_by = fields.String(metadata={"description": "The provider; `route` for a route.", "example": "route"})


class OfferListOut(Schema):
    object = fields.Constant("list")
    data = fields.List(fields.Nested(OfferOut))


class GatewayErrorFacts(Schema):
    message = fields.String(metadata={"example": "n is not supported here: one answer per request."})
    type = fields.String(metadata={"example": "invalid_request_error"})
    param = fields.String(allow_none=True, metadata={"example": "n"})
    code = fields.String(allow_none=True, metadata={"example": "unsupported_parameter"})


class GatewayError(Schema):
    """OpenAI's shape of an error."""

    error = fields.Nested(GatewayErrorFacts)


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(inner is None for inner in value.values())
    return value is None or value == []


def _text(value: Any, *, at: str) -> str:
    try:
        return str(Text(validate=validate.Length(max=LONGEST_TEXT)).deserialize(value))
    except ValidationError as error:
        raise ValidationError({at: error.messages}) from error
