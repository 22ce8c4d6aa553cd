"""Domain errors as pages, or as a notice when htmx asked. Programs get theirs from api/errors.py."""

from __future__ import annotations

import psycopg
from flask import Response, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from blogforge_llm import errors
from blogforge_llm.web import htmx

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

TITLES = {
    400: "That request makes no sense",
    403: "Not for your role",
    404: "Nothing here",
    405: "Not possible here",
    409: "It changed meanwhile",
    413: "Too large",
    422: "That does not fit",
    429: "Too often",
    500: "Something broke on our side",
    503: "Not available right now",
}

ADVICE = {
    400: "Go back and try again.",
    404: "The address may be mistyped, or the thing was deleted.",
    405: "Go back and use the buttons of the page.",
    413: "Send less at once: at most 8 MB.",
    500: "Nothing you typed was changed. Try again; the request id helps an admin find the cause.",
    503: "The database does not answer. Try again in a moment; what you typed stays on the page.",
}


def answer(error: Exception) -> Response:
    """The page or notice for any error; only domain errors speak for themselves."""
    if isinstance(error, HTTPException):
        status = error.code or 500
    else:
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
    spoken = str(error) if isinstance(error, errors.DomainError) else ""
    response = _page(status, spoken or ADVICE.get(status, "Go back and try again."))
    if isinstance(error, errors.TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name.lower() in {"allow", "location"}:
                response.headers[name] = value
    return response


def _page(status: int, message: str) -> Response:
    g.setdefault("viewer", None)
    if htmx.wants_fragment():
        return htmx.notify(make_response("", status), message, kind="error", swap=False)
    if status == 401:
        here = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return make_response(render_template("accounts/sessions/new.html", email="", errors={}, next=here), 401)
    title = TITLES.get(status, "That did not work")
    return make_response(render_template("errors/error.html", status=status, title=title, message=message), status)
