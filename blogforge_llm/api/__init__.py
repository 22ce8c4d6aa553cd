"""The REST side under /api/v1, and OpenAI's API under /v1: flask-smorest blueprints with their schemas, siblings of web
over the same services.
"""

from __future__ import annotations

from importlib import import_module

from flask import Flask, Response, request

from blogforge_llm.api import cors, documentation, errors, locations
from blogforge_llm.api.gateway import errors as gateway_errors

AREAS = ("accounts", "registry", "prompts", "tasks", "editorial", "ops", "gateway")


def init(app: Flask) -> None:
    """Register every area's BLUEPRINTS, the OpenAPI document and its page."""
    cors.init(app)
    api = documentation.create(app)
    locations.init(app)
    for area in AREAS:
        for blueprint in import_module(f"blogforge_llm.api.{area}").BLUEPRINTS:
            # A capital tells it from the pages' blueprint of the same noun, and is how the document names it.
            api.register_blueprint(blueprint, name=blueprint.name.capitalize())
    documentation.complete(api)
    documentation.init_page(app)


def answer_error(error: Exception) -> Response:
    """A problem document; below /v1 OpenAI's shape."""
    if request.path.startswith("/v1/"):
        return gateway_errors.answer(error)
    return errors.answer(error)
