"""Domain errors as application/problem+json (RFC 9457), with `errors` per field. Pages: web/errors.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from blogforge_llm import errors

STATUS: dict[type[Exception], int] = {
    errors.NotFound: 404,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.BaseMissing: 428,
    errors.Missing: 404,
    errors.Unfit: 409,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.TooSlow: 503,
    errors.Unavailable: 503,
    psycopg.OperationalError: 503,
}

TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Content too large",
    415: "Unsupported media type",
    422: "Unprocessable content",
    428: "Precondition required",
    429: "Too many requests",
    500: "Internal server error",
    503: "Service unavailable",
}


def answer(error: Exception) -> Response:
    """The problem document for any error; only domain errors speak for themselves."""
    if isinstance(error, HTTPException):
        return _http(error)
    status = status_of(error)
    detail = str(error) if isinstance(error, errors.DomainError) else None
    extra: dict[str, Any] = {}
    if isinstance(error, errors.Invalid | errors.Conflict) and error.errors:
        extra["errors"] = {name: [text] for name, text in error.errors.items()}
    if isinstance(error, errors.Conflict) and error.current is not None:
        extra["current"] = error.current
    response = problem(status, detail, **extra)
    if isinstance(error, errors.TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def status_of(error: Exception) -> int:
    if isinstance(error, errors.Missing) and request.view_args:
        return 409  # what the address names is there: a 404 would say that it is not
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


@contextmanager
def named(member: str) -> Iterator[None]:
    """What is not found here is what the body names in this member, not what the address does."""
    try:
        yield
    except errors.NotFound as error:
        raise errors.Missing.field(member, str(error)) from error


def problem(status: int, detail: str | None = None, **extra: Any) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status}
    if detail:
        body["detail"] = detail
    if request_id := g.get("request_id"):
        body["request_id"] = request_id
    body.update(extra)
    response = Response(json.dumps(body), status, content_type="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="BlogForge LLM"'
    return response


def _http(error: HTTPException) -> Response:
    """Errors of werkzeug, and of webargs, which hangs what is wrong with each field on `data`."""
    status = error.code or 500
    data = getattr(error, "data", None) or {}
    messages = data.get("messages")
    extra = {"errors": flatten(messages)} if isinstance(messages, dict) else {}
    detail = "Some fields do not fit; see errors." if extra else (error.description if status < 500 else None)
    response = problem(status, detail, **extra)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "location", "retry-after"}:
            response.headers[name] = value
    return response


def flatten(messages: dict[Any, Any], prefix: str = "") -> dict[str, list[str]]:
    """{"json": {"name": [..], "blocks": {0: {..}}}} -> {"name": [..], "blocks.0.role": [..]}."""
    flat: dict[str, list[str]] = {}
    for key, value in messages.items():
        is_location = not prefix and key in {"json", "query", "form", "headers"} and isinstance(value, dict)
        path = prefix if is_location else f"{prefix}.{key}".lstrip(".")
        if isinstance(value, dict):
            flat.update(flatten(value, path))
        else:
            flat[path] = [str(text) for text in (value if isinstance(value, list) else [value])]
    return flat
