"""How a provider's error becomes a category: class and status first, the provider's code next, words last and with
boundaries, because prose quotes numbers and names that mean nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from blogforge_llm.engine import notices
from blogforge_llm.engine.types import NO_TOKENS, CallError
from blogforge_llm.records.tasks import Category

# The status alone decides. 400, 403, 404, 422 and 429 are used for several things and are looked at more closely.
_BY_STATUS = {
    401: Category.AUTHENTICATION,
    402: Category.QUOTA_EXHAUSTED,
    405: Category.MODEL_NOT_FOUND,  # the address belongs to something else
    408: Category.TIMEOUT,
    407: Category.CONNECTION,  # a proxy in between
    409: Category.OVERLOADED,  # a lock, or a model that is being loaded
    410: Category.MODEL_NOT_FOUND,
    413: Category.CONTEXT_LENGTH,
    421: Category.CONNECTION,  # the connection led to another server
    423: Category.OVERLOADED,  # locked
    424: Category.SERVER_ERROR,  # TGI: failed during generation; Groq: something it depends on did
    425: Category.OVERLOADED,  # too early
    451: Category.PERMISSION,  # not in this country
    498: Category.OVERLOADED,  # Groq: flex capacity exceeded
    499: Category.SERVER_ERROR,  # given up on the other side
    503: Category.OVERLOADED,
    529: Category.OVERLOADED,  # Anthropic
}
# What remains of 4xx speaks of HTTP, not of what was asked: somebody else may well answer it.
_DEFAULTS = {
    400: Category.INVALID_REQUEST,
    403: Category.PERMISSION,
    404: Category.MODEL_NOT_FOUND,
    422: Category.INVALID_REQUEST,
    429: Category.RATE_LIMIT,
}

# Codes and types as providers spell them (OpenAI, Azure, Groq, Cerebras, Anthropic, Google, Mistral, llama.cpp,
# OpenRouter, LiteLLM's proxy, Moonshot, DashScope, Zhipu).
_BY_CODE = {
    "insufficient_quota": Category.QUOTA_EXHAUSTED,
    "billing_hard_limit_reached": Category.QUOTA_EXHAUSTED,
    "billing_not_active": Category.QUOTA_EXHAUSTED,
    "billing_error": Category.QUOTA_EXHAUSTED,
    "insufficient_credits": Category.QUOTA_EXHAUSTED,
    "budget_exceeded": Category.QUOTA_EXHAUSTED,
    "blocked_api_access": Category.QUOTA_EXHAUSTED,  # Groq: the organisation's own spend limit
    "exceeded_current_quota_error": Category.QUOTA_EXHAUSTED,
    "arrearage": Category.QUOTA_EXHAUSTED,
    "allocationquota.freetieronly": Category.QUOTA_EXHAUSTED,
    "1113": Category.QUOTA_EXHAUSTED,
    "rate_limit_exceeded": Category.RATE_LIMIT,
    "rate_limit_error": Category.RATE_LIMIT,
    "rate_limited": Category.RATE_LIMIT,
    "too_many_requests_error": Category.RATE_LIMIT,
    "too_many_tokens_error": Category.RATE_LIMIT,
    "resource_exhausted": Category.RATE_LIMIT,
    "context_length_exceeded": Category.CONTEXT_LENGTH,
    "string_above_max_length": Category.CONTEXT_LENGTH,
    "exceed_context_size_error": Category.CONTEXT_LENGTH,
    "request_too_large": Category.CONTEXT_LENGTH,
    "model_not_found": Category.MODEL_NOT_FOUND,
    "model_decommissioned": Category.MODEL_NOT_FOUND,
    "model_not_active": Category.MODEL_NOT_FOUND,
    "deploymentnotfound": Category.MODEL_NOT_FOUND,
    "operationnotsupported": Category.MODEL_NOT_FOUND,  # Azure: of another sort than chat
    "model_terms_required": Category.PERMISSION,
    "not_found_error": Category.MODEL_NOT_FOUND,
    "invalid_api_key": Category.AUTHENTICATION,
    "wrong_api_key": Category.AUTHENTICATION,
    "authentication_error": Category.AUTHENTICATION,
    "api_key_invalid": Category.AUTHENTICATION,
    "unauthenticated": Category.AUTHENTICATION,
    "permission_error": Category.PERMISSION,
    "permission_denied": Category.PERMISSION,
    "organization_restricted": Category.PERMISSION,  # Groq
    "content_filter": Category.CONTENT_FILTER,
    "content_policy_violation": Category.CONTENT_FILTER,
    "moderation_blocked": Category.CONTENT_FILTER,
    "data_inspection_failed": Category.CONTENT_FILTER,
    "json_validate_failed": Category.OUTPUT_INVALID,  # Groq: the model's own JSON was broken
    "tool_use_failed": Category.OUTPUT_INVALID,
    "overloaded_error": Category.OVERLOADED,
    "capacity_exceeded": Category.OVERLOADED,
    "service_unavailable": Category.OVERLOADED,
    "unavailable": Category.OVERLOADED,
    "timeout_error": Category.TIMEOUT,
    "deadline_exceeded": Category.TIMEOUT,
    "api_error": Category.SERVER_ERROR,
    "server_error": Category.SERVER_ERROR,
    "internal_server_error": Category.SERVER_ERROR,
}

_WORDS = [
    (
        Category.QUOTA_EXHAUSTED,
        r"credit balance|insufficient (credit|balance|funds)|balance is insufficient|out of credits|any credits|billing"
        r"|payment required|usage limits|spend(ing)? limit|key limit exceeded|out of call volume quota",
    ),
    (
        Category.CONTEXT_LENGTH,
        r"context[ _]?(length|window|size|limit)|maximum (context|prompt length|model length)"
        r"|(prompt|input) (is )?too long|too many (input )?tokens|exceeds the maximum number of tokens"
        r"|must have less than \d+ tokens"
        r"|current length is \d+ while limit is|reduce the length|context the overflows|max_new_tokens.{0,40}must be",
    ),
    (
        Category.AUTHENTICATION,
        r"(invalid|incorrect|missing) (x-)?api[ _-]?key|api key (not valid|is invalid|expired)|invalid token",
    ),
    (
        Category.MODEL_NOT_FOUND,
        r"(model|deployment)\b.{0,80}\b(not found|does not exist|decommissioned|not supported|unknown)"
        r"|not a valid model|(invalid|unknown|no such) model",
    ),
    (
        Category.PERMISSION,
        r"(organi[sz]ation|account|workspace) (has been|is) (disabled|suspended|deactivated)"
        r"|(location|country|region) is not supported",
    ),
    (Category.SERVER_ERROR, r"model (has )?crashed|model (un|re)loaded"),  # LM Studio says so with a 400
    (Category.CONTENT_FILTER, r"content (management )?(filter|policy)|safety (system|settings)|flagged|moderation"),
    (Category.RATE_LIMIT, r"rate[ _-]?limit(ed)?|too many requests|requests per (second|minute)"),
    (Category.OVERLOADED, r"overloaded|at capacity|over capacity|temporarily unavailable"),
]
_WORDS_IN = [(category, re.compile(rf"\b(?:{words})\b", re.IGNORECASE | re.DOTALL)) for category, words in _WORDS]
# What the words of an error may turn its status into; anything else they say is prose.
_WORDS_MAY = {
    400: {Category.QUOTA_EXHAUSTED, Category.CONTEXT_LENGTH, Category.AUTHENTICATION, Category.MODEL_NOT_FOUND,
          Category.CONTENT_FILTER, Category.PERMISSION, Category.SERVER_ERROR},
    403: {Category.QUOTA_EXHAUSTED, Category.CONTENT_FILTER},
    404: set(),
    422: {Category.CONTEXT_LENGTH, Category.MODEL_NOT_FOUND},
    429: {Category.QUOTA_EXHAUSTED},
}  # fmt: skip

# Groq's about max_tokens itself, which it compares with the window.
_OF_A_PARAMETER = re.compile(r"\s*[`'\"]?max_(completion_)?tokens[`'\"]? must be\b")

_PER_DAY = re.compile(
    r"(\bper[ _-]?|/ ?)(day|week|month)\b|\b(TPD|RPD)\b|\b(daily|weekly|monthly)\b|(Per|By)(Day|Month)", re.IGNORECASE
)
_PER_MINUTE = re.compile(
    r"\bper[ _-]?(second|min|minute|hour)\b|\bhourly\b|\b(TPM|RPM|TPH|RPH)\b|(Per|By)Minute", re.IGNORECASE
)
_TRY_AGAIN = re.compile(
    r"\b(?:(?:try again|retry) (?:in|after)|please wait)\s+(?:about\s+)?((?:\d+(?:\.\d+)?\s*(?:ms|[dhms])[a-z]*\s*)+)",
    re.IGNORECASE,
)
_RETRY_DELAY = re.compile(r'"?retry_?delay"?\s*:\s*"?(\d+(?:\.\d+)?)s', re.IGNORECASE)
LONGEST_RETRY_AFTER_S = 24 * 3600.0
_LOOKED_AT = 20_000  # characters of an error: patterns over megabytes take seconds, and everybody else's time
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[dhms])", re.IGNORECASE)
_DURATIONS = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[dhms]))+", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def failure(status: int | None, body: Any, headers: Mapping[str, str] | None = None, text: str = "") -> CallError:
    """The error of an answer with this status (None inside a stream) and body (parsed JSON, or text)."""
    fields = _fields(body)
    usage = NO_TOKENS if status is not None and status >= 300 else None
    if status is None or status < 300:  # an error event in a stream comes under a 200; some name a status in their code
        status = next((int(code) for code in fields.codes if re.fullmatch(r"[45]\d\d", code)), None)
    words = (fields.message or text)[:_LOOKED_AT]
    whole = f"{words}\n{json.dumps(body, default=str)[:_LOOKED_AT]}" if isinstance(body, dict | list) else words
    category = classify(status, fields.codes, words, whole)
    code = next((code for code in fields.codes if not code.isdigit()), None)
    return CallError(
        category, words, http_status=status, code=code, retry_after_s=retry_after(headers or {}, whole), usage=usage
    )


def refused_address(reason: str) -> CallError:
    """The error of a call that was not made, because addresses.py forbids to."""
    return CallError(Category.ADDRESS_REFUSED, reason, usage=NO_TOKENS)


def classify(status: int | None, codes: tuple[str, ...], words: str, whole: str = "") -> Category:
    """`whole` is the body as text, for what some providers only tell in its details."""
    if status is not None:
        if status in _BY_STATUS:
            return _BY_STATUS[status]
        if status >= 500:
            return Category.SERVER_ERROR
        if 300 <= status < 400:
            return Category.MODEL_NOT_FOUND  # redirects are not followed: the address is wrong
    by_code = next((_BY_CODE[code.lower()] for code in codes if code.lower() in _BY_CODE), None)
    if by_code is Category.SERVER_ERROR and status in (403, 404):
        by_code = None  # Ollama calls everything an api_error
    if status == 429 or by_code is Category.RATE_LIMIT:
        return _limit(by_code, words, whole or words)
    if by_code is not None:
        return by_code
    allowed = _WORDS_MAY.get(status) if status is not None else None
    is_page = words.lstrip().startswith("<")
    if is_page and status in (400, 422):
        return Category.SERVER_ERROR  # of something in between: no model has looked at the request
    for category, pattern in [] if is_page else _WORDS_IN:  # a web page says anything
        if (allowed is None or category in allowed) and pattern.search(words):
            is_prose = category is Category.CONTEXT_LENGTH and _OF_A_PARAMETER.match(words)
            return Category.INVALID_REQUEST if is_prose else category
    return _DEFAULTS.get(status or 0, Category.SERVER_ERROR)


def _limit(by_code: Category | None, words: str, whole: str) -> Category:
    """A limit that refills within minutes, or one that is used up until tomorrow or until somebody pays."""
    if by_code is Category.QUOTA_EXHAUSTED:
        return by_code
    # Per minute first: Google's sentence about the quota is the same for both, only its details differ.
    if _PER_MINUTE.search(whole):
        return Category.RATE_LIMIT
    if _PER_DAY.search(whole) or re.search(
        r"\b(exceeded your current quota|billing|credit balance|credits)\b", words, re.I
    ):
        return Category.QUOTA_EXHAUSTED
    return Category.RATE_LIMIT


def retry_after(headers: Mapping[str, str], text: str = "", now: datetime | None = None) -> float | None:
    """Seconds to wait, as a header in seconds or as a date, or words in the body say, a day at most. None when nothing
    does."""
    told = _told_to_wait(headers, text, now)
    return None if told is None else min(told, LONGEST_RETRY_AFTER_S)


def _told_to_wait(headers: Mapping[str, str], text: str, now: datetime | None) -> float | None:
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    header = headers.get("retry-after")
    if (seconds := _number(header)) is not None:
        return seconds
    if header is not None and _DURATIONS.fullmatch(header):  # against the standard, and plain: 7s, 1m2.5s
        return _seconds(header)
    if header is not None:
        try:
            at = parsedate_to_datetime(header)
        except ValueError:
            pass
        else:
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
    if found := _TRY_AGAIN.search(text):
        return _seconds(found[1])
    if found := _RETRY_DELAY.search(text):
        return float(found[1])
    # Least certain: what is told of the limits that nothing is left of.
    return max((notice.resets_in_s for notice in notices.read(headers) if notice.remaining == 0), default=None)


_CODES = ("code", "type", "error_type", "status", "status_code", "statusCode", "http_status_code")


@dataclass(frozen=True, slots=True)
class _Fields:
    message: str
    codes: tuple[str, ...]


def _fields(body: Any) -> _Fields:
    """Message, and code, type and status in the order of their weight. Nested under `error`, in a list, or not."""
    if isinstance(body, dict) and isinstance(body.get("errors"), list):  # Cloudflare
        body = body["errors"]
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    if not isinstance(body, dict):
        return _Fields(body if isinstance(body, str) else "", ())
    codes = tuple(str(body[name]) for name in _CODES if isinstance(body.get(name), str | int))
    message = next((body[name] for name in ("message", "error", "detail") if body.get(name)), "")
    return _Fields(message if isinstance(message, str) else json.dumps(message, default=str), codes)


def _seconds(durations: str) -> float:
    return sum(float(number) * _UNITS[unit.lower()] for number, unit in _DURATION.findall(durations))


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < float("inf") else None
