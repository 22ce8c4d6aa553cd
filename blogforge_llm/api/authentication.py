"""Bearer token -> g.viewer. The API never looks at the session cookie, so no other site can ride it."""

from __future__ import annotations

from flask import g, request

from blogforge_llm import db
from blogforge_llm.api import request_limits
from blogforge_llm.errors import Unauthenticated
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import tokens

_OPEN = {"/api/openapi.json"}


def load_viewer() -> None:
    """Raises Unauthenticated for everything under /api and /v1 but the document itself."""
    if not request.path.startswith(("/api/", "/v1/")) or request.path in _OPEN or request.method == "OPTIONS":
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send an API token: `Authorization: Bearer TOKEN`.")
    with db.connection() as conn:
        g.token = token.strip()
        g.viewer = tokens.find_user(conn, token=g.token)
        if g.viewer is None:
            raise Unauthenticated("This API token is not valid. It may have been revoked; make a new one.")
        request_limits.admit(conn, user_id=g.viewer.id, token=g.token)


def current() -> User:
    """The user whose token came with the request."""
    viewer: User = g.viewer
    return viewer


def token() -> str:
    """The text that came with the request."""
    text: str = g.token
    return text
