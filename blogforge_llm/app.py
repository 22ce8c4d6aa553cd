"""create_app: what the web process is made of, in order. Read it as the table of contents."""

from __future__ import annotations

import logging
import time
from importlib import import_module
from typing import Any

import psycopg
from flask import Flask, Response, g, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map

from blogforge_llm import api, measuring, runner, tracing, web
from blogforge_llm.config import ROOT, Settings
from blogforge_llm.errors import DomainError
from blogforge_llm.records.ops import ErrorSource
from blogforge_llm.services.ops import errors as noted
from blogforge_llm.web import (
    assets,
    bodies,
    environment,
    errors,
    formats,
    freshness,
    markdown,
    navigation,
    pieces,
    proxies,
    security,
    viewers,
)

log = logging.getLogger(__name__)


def create_app(settings: Settings) -> Flask:
    """The application. The pool is opened by whoever runs it, after the fork; nothing here asks the database."""
    app = Flask("blogforge_llm", template_folder=str(ROOT / "templates"), static_folder=None)
    app.secret_key = settings.secret_key  # signs one-time messages only; sessions live in PostgreSQL
    app.config.update(MAX_CONTENT_LENGTH=8 << 20, MAX_FORM_MEMORY_SIZE=8 << 20, SESSION_COOKIE_SAMESITE="Lax")
    app.config.update(SESSION_COOKIE_NAME="blogforge_messages", SESSION_COOKIE_HTTPONLY=True)
    app.extensions["settings"] = settings
    runner.configure(settings)
    app.url_map.converters["int"] = RowId
    # A redirect to the right spelling of an address would name the host that the request names, whichever that is.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.jinja_environment = environment.Environment
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    app.before_request(name_request)
    app.after_request(note_answer)
    freshness.init(app)
    security.init(app)
    viewers.init(app)
    bodies.init(app)
    proxies.init(app)
    assets.init(app)
    pieces.init(app)
    navigation.init(app)
    formats.init(app)
    markdown.init(app)
    for area in web.AREAS:
        for blueprint in import_module(f"blogforge_llm.web.{area}").BLUEPRINTS:
            app.register_blueprint(blueprint)
    api.init(app)
    for kind in (DomainError, HTTPException, psycopg.OperationalError, Exception):
        app.register_error_handler(kind, answer_error)
    return app


class RowId(IntegerConverter):
    """A row's id in an address: none is larger than PostgreSQL takes, as a double too (api/fields.py)."""

    def __init__(self, map: Map, **kwargs: Any) -> None:
        super().__init__(map, **{"max": 2**63 - 1024} | kwargs)


def name_request() -> None:
    g.began = time.monotonic()
    g.request_id = tracing.begin(request.headers.get("X-Request-Id"))


def note_answer(response: Response) -> Response:
    """The id that the log has too, and the time until here: a stream goes on after it."""
    response.headers["X-Request-Id"] = g.get("request_id", "-")
    if (began := g.get("began")) is not None:
        endpoint = request.endpoint or "none"
        measuring.requests.labels(endpoint, str(response.status_code)).observe(time.monotonic() - began)
    return response


def _note(error: Exception) -> None:
    """For the page of errors. A database that is away is no news there, and could not be written down."""
    if isinstance(error, psycopg.OperationalError):
        return
    viewer = g.get("viewer")
    noted.note(
        error, source=ErrorSource.API if _is_program() else ErrorSource.WEB, method=request.method, path=request.path,
        user_id=viewer.id if viewer else None,
    )  # fmt: skip


def answer_error(error: Exception) -> Response:
    """Pages and programs each get their own; what nobody foresaw is logged with the id that the answer shows."""
    if not isinstance(error, DomainError | HTTPException):
        log.error("request %s %s %s failed", g.request_id, request.method, request.path, exc_info=error)
        _note(error)
    wants_json = request.accept_mimetypes.best == "application/json"  # our own scripts, autosave.js for one
    return api.answer_error(error) if wants_json or _is_program() else errors.answer(error)


def _is_program() -> bool:
    return request.path.startswith(("/api/", "/v1/"))
