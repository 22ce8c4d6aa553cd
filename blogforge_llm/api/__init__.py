"""The REST side under /api/v1: flask-smorest blueprints with their schemas, siblings of web over the same services."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from blogforge_llm.api import cors, documentation, locations

AREAS = ("accounts", "registry", "prompts", "tasks", "editorial")


def init(app: Flask) -> None:
    """Register every area's BLUEPRINTS, the OpenAPI document and its page."""
    cors.init(app)
    api = documentation.create(app)
    locations.init(app)
    for area in AREAS:
        for blueprint in import_module(f"blogforge_llm.api.{area}").BLUEPRINTS:
            # A capital tells it from the pages' blueprint of the same noun, and is how the document names it.
            api.register_blueprint(blueprint, name=blueprint.name.capitalize())
    documentation.init_page(app)
