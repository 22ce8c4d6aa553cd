"""Errors in OpenAI's shape: {"error": {message, type, param, code}}. The rest of the API: api/errors.py."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from blogforge_llm import errors
from blogforge_llm.api import errors as api_errors
from blogforge_llm.engine.types import EngineError
from blogforge_llm.records.tasks import Category

BAD_REQUEST, NO_TOKEN, SERVER = "invalid_request_error", "authentication_error", "server_error"
_RATE_LIMIT, _QUOTA = "rate_limit_error", "insufficient_quota"


@dataclass(frozen=True, slots=True)
class _Answer:
    """`wait_s` is what Retry-After says when the provider named no time; None leaves it out."""

    status: int
    type: str
    code: str | None
    wait_s: float | None = None


# A provider that refuses our key is our trouble, not the caller's: 401 and 403 are about the caller's own token.
OF_CATEGORY = {
    Category.RATE_LIMIT: _Answer(429, _RATE_LIMIT, "rate_limit_exceeded", 10),
    Category.QUOTA_EXHAUSTED: _Answer(429, _QUOTA, "insufficient_quota"),
    Category.OVERLOADED: _Answer(503, SERVER, "overloaded", 5),
    Category.SERVER_ERROR: _Answer(502, SERVER, "upstream_error"),
    Category.TIMEOUT: _Answer(504, SERVER, "upstream_timeout"),
    Category.CONNECTION: _Answer(502, SERVER, "upstream_unreachable"),
    Category.STREAM_CUT: _Answer(502, SERVER, "upstream_stream_cut"),
    Category.AUTHENTICATION: _Answer(502, SERVER, "upstream_key_refused"),
    Category.PERMISSION: _Answer(502, SERVER, "upstream_permission"),
    Category.MODEL_NOT_FOUND: _Answer(404, BAD_REQUEST, "model_not_found"),
    Category.ADDRESS_REFUSED: _Answer(502, SERVER, "upstream_address_refused"),
    Category.CONTEXT_LENGTH: _Answer(400, BAD_REQUEST, "context_length_exceeded"),
    Category.INVALID_REQUEST: _Answer(400, BAD_REQUEST, "upstream_refused_request"),
    Category.CONTENT_FILTER: _Answer(400, BAD_REQUEST, "content_filter"),
    Category.OUTPUT_INVALID: _Answer(502, SERVER, "upstream_empty_answer"),
    Category.BUDGET_EXCEEDED: _Answer(429, _QUOTA, "insufficient_quota"),
    Category.DEADLINE_EXCEEDED: _Answer(504, SERVER, "deadline_exceeded"),
    Category.CANCELLED: _Answer(409, BAD_REQUEST, "cancelled"),
}
_OF_STATUS = {  # as the rest of the API has it
    404: _Answer(404, BAD_REQUEST, "model_not_found"),
    401: _Answer(401, NO_TOKEN, "invalid_api_key"),
    403: _Answer(403, "permission_error", "permission_denied"),
    409: _Answer(409, BAD_REQUEST, "conflict"),
    422: _Answer(400, BAD_REQUEST, "invalid_value"),
    429: _Answer(429, _RATE_LIMIT, "rate_limit_exceeded"),
    503: _Answer(503, SERVER, "unavailable", 1),
}
_LONGEST_WAIT_S = 60.0  # clients do not wait longer, but repeat at once
_UNFORESEEN = _Answer(500, SERVER, "internal_error")
_UNFORESEEN_WORDS = "Something went wrong on our side. Try again in a moment."


class Refused(errors.Invalid):
    """A request that is refused before anybody is asked, naming the field."""

    def __init__(self, param: str, message: str, *, code: str = "invalid_value") -> None:
        super().__init__(message, {param: message})
        self.param = param
        self.code = code


class Unanswered(errors.DomainError):
    """No candidate answered. `headers` tell what was tried, as they do for an answer."""

    def __init__(self, error: EngineError, *, retry_after_s: float | None, headers: dict[str, str]) -> None:
        super().__init__(str(error))
        self.category = error.category
        self.retry_after_s = error.opens_in_s if error.opens_in_s is not None else retry_after_s
        self.is_resting = error.opens_in_s is not None
        self.headers = headers


def answer(error: Exception) -> Response:
    """Any error in OpenAI's shape; only domain errors speak for themselves."""
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, Unanswered):
        return _unanswered(error)
    # OpenAI has no 409 for what does not fit: a name nobody has is 404, as is a route that nobody stands in.
    status = 404 if isinstance(error, errors.Unfit) else api_errors.status_of(error)
    kind = _OF_STATUS.get(status, _UNFORESEEN)
    message = str(error) if isinstance(error, errors.DomainError) else _UNFORESEEN_WORDS
    code, param = kind.code, None
    if isinstance(error, Refused):
        code, param = error.code, error.param
    elif isinstance(error, errors.Invalid):
        param = next(iter(error.errors), None)
    wait_s = error.retry_after_s if isinstance(error, errors.TooMany) else kind.wait_s
    return _response(kind, message, code=code, param=param, wait_s=wait_s)


def event(error: EngineError) -> dict[str, Any]:
    """The same inside a stream that has begun: clients raise it."""
    kind = OF_CATEGORY[error.category]
    return _body(str(error), kind.type, _param(error.category), kind.code)


def _unanswered(error: Unanswered) -> Response:
    kind = OF_CATEGORY[error.category]
    wait_s = error.retry_after_s if error.is_resting else kind.wait_s and (error.retry_after_s or kind.wait_s)
    response = _response(kind, str(error), code=kind.code, param=_param(error.category), wait_s=wait_s)
    response.headers.update(error.headers)
    if wait_s is None or wait_s > _LONGEST_WAIT_S:
        # The engine has tried everything that made sense: a client that repeats by itself would multiply the calls.
        response.headers["X-Should-Retry"] = "false"
    return response


def _param(category: Category) -> str | None:
    return {Category.CONTEXT_LENGTH: "messages", Category.MODEL_NOT_FOUND: "model"}.get(category)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    kind = _Answer(status, BAD_REQUEST if status < 500 else SERVER, _HTTP_CODES.get(status))
    message = (error.description if status < 500 else None) or _UNFORESEEN_WORDS
    response = _response(kind, message, code=kind.code)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "location", "retry-after"}:
            response.headers[name] = value
    return response


_HTTP_CODES = {
    400: "bad_request",
    415: "unsupported_media_type",
    404: "unknown_url",
    405: "method_not_allowed",
    413: "request_too_large",
}


def _response(
    kind: _Answer, message: str, *, code: str | None, param: str | None = None, wait_s: float | None = None
) -> Response:
    body = json.dumps(_body(message, kind.type, param, code))
    response = Response(body, kind.status, content_type="application/json")
    if kind.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="BlogForge LLM"'
    if wait_s is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(wait_s)))
    return response


def _body(message: str, type: str, param: str | None, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "param": param, "code": code}}
