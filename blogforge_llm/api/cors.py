"""Pages of other sites may call the API only from origins that an admin listed; never with cookies."""

from __future__ import annotations

import time
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request

from blogforge_llm import db
from blogforge_llm.services.accounts import settings

CACHE_S = 3.0  # the setting is read at most this often, and holds everywhere after this long
_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, "
    "X-Blogforge-Deadline-S, X-Blogforge-Delivery",
    "Access-Control-Max-Age": "600",
}
_EXPOSED = (
    "Location, X-Pagination, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, "
    "X-Blogforge-Task, X-Blogforge-Attempts, X-Blogforge-Cost, X-Blogforge-Cost-Source, X-Blogforge-Overhead-Ms"
)


@dataclass(slots=True)
class _Cache:
    origins: frozenset[str] = frozenset()
    good_until: float = 0.0


def init(app: Flask) -> None:
    app.extensions["cors"] = _Cache()
    app.before_request(read_origin)
    app.after_request(add_headers)


def read_origin() -> Response | None:
    """Note whether the page that calls is listed, and answer its preflight."""
    origin = request.headers.get("Origin")
    if not origin or not _is_api() or origin not in _listed():
        return None
    g.cors_origin = origin
    is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    return Response(status=204, headers=_ALLOWED) if is_preflight else None


def add_headers(response: Response) -> Response:
    if _is_api():
        response.vary.add("Origin")
        if origin := g.get("cors_origin"):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    return response


def _is_api() -> bool:
    return request.path.startswith(("/api/", "/v1/"))


def _listed() -> frozenset[str]:
    cache: _Cache = current_app.extensions["cors"]
    if time.monotonic() >= cache.good_until:
        with db.connection() as conn:
            cache.origins = frozenset(settings.value(conn, key="cors_origins"))
        cache.good_until = time.monotonic() + CACHE_S
    return cache.origins
