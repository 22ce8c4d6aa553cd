"""Location: where what a POST made, or began, can be read."""

from __future__ import annotations

from flask import Flask, Response, current_app, request


def init(app: Flask) -> None:
    app.after_request(add)


def add(response: Response) -> Response:
    """A version lies below its list, any other row below its noun; of several things the list is named."""
    if request.path.startswith("/api/v1/") and response.status_code in {201, 202}:
        response.headers.setdefault("Location", _of(response.get_json(silent=True)))
    return response


def _of(made: object) -> str:
    if not isinstance(made, dict):
        return request.path
    if "number" in made:
        return f"{request.path}/{made['number']}"
    noun = current_app.blueprints[request.blueprint or ""].url_prefix
    return f"{noun}/{made['id']}"
