"""Whom a form may ask: what was chosen of routes.list_choices."""

from __future__ import annotations

from blogforge_llm.errors import Invalid
from blogforge_llm.services.tasks.asking import Whom

DEFAULT = "default"


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
