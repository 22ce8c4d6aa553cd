"""Whom a form may ask: routes and models as the choices of a select, and what was chosen."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.services.registry import models, routes
from blogforge_llm.services.tasks.asking import Whom

DEFAULT = "default"


def choices(conn: db.Connection) -> list[tuple[str, str]]:
    """Routes that have models, and models that may be asked."""
    named = [(f"route:{route.id}", f"Route {route.name}") for route in routes.list_all(conn) if route.models]
    usable = [model for model in models.list_all(conn) if model.is_enabled and model.provider_is_enabled]
    return named + [(f"model:{model.id}", f"{model.name} on {model.provider_name}") for model in usable]


def read(chosen: str) -> Whom:
    """Raises Invalid for what is not one of the choices."""
    kind, _, number = chosen.partition(":")
    if chosen == DEFAULT:
        return {"route_id": None, "model_id": None}
    if kind not in {"route", "model"} or not number.isdecimal() or len(number) > 18:
        raise Invalid.field("ask", "There is no such model or route. Choose another one.")
    route_id, model_id = (int(number), None) if kind == "route" else (None, int(number))
    return {"route_id": route_id, "model_id": model_id}


def key(route_id: int | None, model_id: int | None) -> str:
    """The choice that a task was asked by."""
    if model_id is not None:
        return f"model:{model_id}"
    return DEFAULT if route_id is None else f"route:{route_id}"
