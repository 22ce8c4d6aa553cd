"""The address people type: on to the posts, or to the login."""

from __future__ import annotations

from flask import Blueprint, Response, g

from blogforge_llm.web import htmx
from blogforge_llm.web.viewers import public

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def show() -> Response:
    return htmx.redirect_or("/posts" if g.viewer else "/login")
