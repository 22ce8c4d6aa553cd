"""What every response carries and every request must satisfy: policy headers, and no writes from other sites."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from blogforge_llm.errors import Forbidden

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_CSP = (
    "default-src 'self'; img-src 'self'{images}; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'; report-uri /policy-reports"
)


def init(app: Flask) -> None:
    app.before_request(refuse_foreign_writes)
    app.after_request(add_headers)


def refuse_foreign_writes() -> None:
    """Refuse a write that a page of another site made. The API takes no cookie, so nobody can ride it."""
    if request.method in _SAFE_METHODS or request.path.startswith(("/api/", "/v1/")):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        # same-site is not enough: another port of the same host carries the Lax cookie too.
        is_ours = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("Origin")
        is_ours = origin is None or (origin != "null" and urlsplit(origin).netloc == request.host)
    if not is_ours:
        raise Forbidden("This form came from another site. Open the page here and send it again.")


def add_headers(response: Response) -> Response:
    is_docs = request.path.startswith("/apidocs")
    response.headers.setdefault("Content-Security-Policy", _CSP.format(images=" data:" if is_docs else ""))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    # no-referrer would make forms send `Origin: null`.
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "assets.show":
        response.headers.setdefault("Cache-Control", "no-store" if request.method != "GET" else "private, no-cache")
    return response
