"""Who is looking: the session cookie -> g.viewer. Every page needs a login unless its view is marked @public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from blogforge_llm import db
from blogforge_llm.errors import Unauthenticated
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import sessions
from blogforge_llm.web import proxies

COOKIE = "blogforge_session"

F = TypeVar("F", bound=Callable[..., Any])


def public(view: F) -> F:
    view.is_public = True  # type: ignore[attr-defined]
    return view


def init(app: Flask) -> None:
    app.before_request(load_viewer)


def load_viewer() -> None:
    g.viewer = None
    view = current_app.view_functions.get(request.endpoint or "")
    if request.path.startswith(("/api/", "/v1/", "/static/", "/apidocs", "/flasgger_static/", "/health", "/readyz")):
        return  # programs come with a token, which the API reads itself; health is told when the database is down, too
    token = request.cookies.get(COOKIE)
    if token:
        with db.connection() as conn:
            g.viewer = sessions.find(conn, token=token)
    if g.viewer is None and view is not None and not getattr(view, "is_public", False):
        raise Unauthenticated("Log in to go on.")


def current() -> User:
    """The logged-in user. Only for views that are not public."""
    viewer: User = g.viewer
    return viewer


def remember(response: Response, token: str) -> Response:
    """Set the session cookie; Secure when the request came by https."""
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="Lax", secure=proxies.is_secure(), max_age=sessions.LIFETIME_S, path="/"
    )
    return response


def forget(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/")
    return response
