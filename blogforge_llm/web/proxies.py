"""Who calls, when proxies stand in front: their X-Forwarded-For and -Proto count as far as an admin trusts them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from flask import Flask, current_app, request

from blogforge_llm import db
from blogforge_llm.services.accounts import settings

CACHE_S = 3.0  # the setting is read at most this often, and holds everywhere after this long


@dataclass(slots=True)
class _Cache:
    trusted: int = 0
    good_until: float = 0.0


def init(app: Flask) -> None:
    app.extensions["proxies"] = _Cache()


def address() -> str:
    """The caller's address, for the throttle."""
    return _forwarded("X-Forwarded-For") or request.remote_addr or ""


def is_secure() -> bool:
    """Whether the browser came by https, if only as far as the first proxy."""
    scheme = _forwarded("X-Forwarded-Proto")
    return scheme.lower() == "https" if scheme else request.is_secure


def _forwarded(name: str) -> str | None:
    """What the outermost trusted proxy saw. Each appends one value, so those further left anybody may have written."""
    if name not in request.headers or not (trusted := _trusted()):
        return None
    values = [value.strip() for value in ",".join(request.headers.getlist(name)).split(",")]
    return values[-trusted] if len(values) >= trusted else None


def _trusted() -> int:
    cache: _Cache = current_app.extensions["proxies"]
    if time.monotonic() >= cache.good_until:
        with db.connection() as conn:
            cache.trusted = settings.value(conn, key="trusted_proxies")
        cache.good_until = time.monotonic() + CACHE_S
    return cache.trusted
