"""How large a prompt is for each model that may be asked, and what asking could cost. Estimates; the call itself is
priced by the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from blogforge_llm import db
from blogforge_llm.records.registry import Model
from blogforge_llm.services.registry import models, routes

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Size:
    """A prompt at one model. `cost_from` is the prompt alone, `cost_to` with the longest answer; None when a price, or
    how long the answer may get, is not known. `is_too_long`: prompt and answer exceed the window."""

    model_id: int
    model_name: str
    provider_name: str
    is_enabled: bool
    tokens: int
    context_window: int | None
    max_tokens: int | None
    cost_from: Decimal | None
    cost_to: Decimal | None

    @property
    def is_too_long(self) -> bool:
        return self.context_window is not None and self.tokens + (self.max_tokens or 0) > self.context_window


def for_tokens(
    conn: db.Connection, *, tokens: int, route_id: int | None = None, model_id: int | None = None,
    max_tokens: int | None = None,
) -> list[Size]:  # fmt: skip
    """At the model alone, else at each of the route, else of the default route; in their order. Nobody: no sizes.
    Without `max_tokens` the answer may get as long as the model can."""
    return [at(model, tokens=tokens, max_tokens=max_tokens) for model in asked(conn, route_id, model_id)]


def asked(conn: db.Connection, route_id: int | None, model_id: int | None = None) -> Sequence[Model]:
    """The models of the route, else of the default route. Raises NotFound."""
    if model_id is not None:
        return [models.get(conn, model_id=model_id)]
    route = routes.get_default(conn) if route_id is None else routes.get(conn, route_id=route_id)
    return route.models if route else ()


def at(model: Model, *, tokens: int, max_tokens: int | None = None) -> Size:
    most = model.max_output_tokens if max_tokens is None else max_tokens
    cost_from = None if model.input_price is None else tokens * model.input_price / _MILLION
    is_known = cost_from is not None and model.output_price is not None and most is not None
    cost_to = cost_from + most * model.output_price / _MILLION if is_known else None  # type: ignore[operator]
    return Size(
        model.id, model.name, model.provider_name, model.is_enabled and model.provider_is_enabled, tokens,
        model.context_window, most, cost_from, cost_to,
    )  # fmt: skip
