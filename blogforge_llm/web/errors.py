"""Domain errors as pages; when htmx asked, errors.js shows their words as a notice. Programs: api/errors.py."""

from __future__ import annotations

import psycopg
from flask import Response, g, make_response, render_template
from werkzeug.exceptions import HTTPException

from blogforge_llm import errors
from blogforge_llm.web import destinations, htmx

STATUS: dict[type[Exception], int] = {
    errors.NotFound: 404,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.BaseMissing: 428,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    psycopg.OperationalError: 503,
}


def answer(error: Exception) -> Response:
    """The page for any error, in the words of templates/errors/; only domain errors speak for themselves."""
    if isinstance(error, HTTPException):
        status = error.code or 500
    else:
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
    response = _page(status, str(error) if isinstance(error, errors.DomainError) else "")
    if isinstance(error, errors.TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name.lower() in {"allow", "location"}:
                response.headers[name] = value
    return response


def _page(status: int, message: str) -> Response:
    g.setdefault("viewer", None)
    if status == 401 and not htmx.wants_fragment():
        login = render_template("accounts/sessions/new.html", email="", errors={}, next=destinations.here())
        return make_response(login, 401)
    page = render_template(
        [f"errors/{status}.html", "errors/error.html"], status=status, title="That did not work", message=message,
        request_id=g.get("request_id") if status >= 500 else None,
    )  # fmt: skip
    response = make_response(page, status)
    return htmx.keep_page(response) if htmx.wants_fragment() else response
