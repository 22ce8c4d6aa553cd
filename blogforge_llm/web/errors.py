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
    errors.TooSlow: 503,
    errors.Unavailable: 503,
    psycopg.OperationalError: 503,
}


# What people read: a title, and advice for what does not speak for itself.
WORDS = {
    400: ("This request cannot be understood", "Go back, check what you entered and try again."),
    401: ("You are logged out", "Log in again; what you wrote is still on this page until you leave it."),
    403: ("You may not do this", "An admin can change your role or do it for you."),
    404: ("There is nothing here", "The page does not exist, was deleted, or is not yours to see. Check the address."),
    405: ("This address works another way", "Go back and use the buttons of the page."),
    409: ("It changed meanwhile", "Nothing was overwritten. Reload the page and compare before you save again."),
    410: ("This is gone", "It was here once and was removed for good."),
    413: ("This is too large", "Send less at once: at most 8 MB."),
    422: ("That does not fit", "Nothing was saved. Go back and correct what is wrong."),
    428: ("The page is missing something", "It did not say what it started from. Reload it and try again."),
    429: ("Too often", "Wait a moment and try again."),
    500: ("Something went wrong on our side", "What was saved is safe. Try again in a moment."),
    503: ("Not available right now", "The database does not answer. Try again in a few seconds."),
}
_OTHER = ("That did not work", "Go back and try again.")


def answer(error: Exception) -> Response:
    """The page for any error; only domain errors speak for themselves."""
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
    title, advice = WORDS.get(status, _OTHER)
    page = render_template(
        "errors/error.html", status=status, title=title, message=message or advice,
        request_id=g.get("request_id") if status >= 500 else None,
    )  # fmt: skip
    response = make_response(page, status)
    return htmx.keep_page(response) if htmx.wants_fragment() else response
