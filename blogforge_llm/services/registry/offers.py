"""What a program may ask for by name: routes, and models by their own name or as Provider/model."""

from __future__ import annotations

from collections import Counter

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Model, Offer, Route
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.registry import models, routes

ROUTE = "route"

_known: dict[str, tuple[int | None, Offer]] = {}  # by name, with the registry's mark when it was read
_KNOWN_MOST = 500


def list_all(conn: db.Connection, *, actor: User) -> list[Offer]:
    """The default route, the other routes, then the models; each by the shortest name that means it alone."""
    permissions.require(actor, Permission.READ)
    of_routes = [_of_route(route) for route in routes.list_all(conn) if route.models]
    live = [model for model in models.list_all(conn) if model.is_enabled and model.provider_is_enabled]
    # A route's name goes before a model's, whatever its case.
    taken = {offer.name.lower() for offer in of_routes}
    shared = Counter(model.name for model in live)
    by_model = [
        _of_model(model, is_alone=shared[model.name] == 1 and model.name.lower() not in taken) for model in live
    ]
    return of_routes + by_model


def get(conn: db.Connection, *, actor: User, name: str, mark: int | None = None) -> Offer:
    """What the name means: a route goes before a model of the same name. Raises NotFound.

    With the registry's `mark` (candidates.get_mark) it is read again only after a change.
    """
    permissions.require(actor, Permission.READ)
    name = texts.storable(name)
    known_at, offer = _known.get(name, (None, None))
    if offer is None or mark is None or known_at != mark:
        offer = _find(conn, name)
        if len(_known) >= _KNOWN_MOST:
            _known.clear()
        _known[name] = mark, offer
    return offer


def _find(conn: db.Connection, name: str) -> Offer:
    if (route := routes.find_by_name(conn, name=name)) is not None:
        return _of_route(route)
    if (model := models.find_by_name(conn, name=name)) is not None:
        return _of_model(model, is_alone=model.name == name)
    raise NotFound(f"There is no route and no model named {name[:200]}. The list is at /v1/models.")


def _of_route(route: Route) -> Offer:
    return Offer(route.name, ROUTE, route.created_at, route.id, None)


def _of_model(model: Model, *, is_alone: bool) -> Offer:
    name = model.name if is_alone else f"{model.provider_name}/{model.name}"
    return Offer(name, model.provider_name, model.created_at, None, model.id)
