"""Routes: named, ordered lists of models. One is the default as soon as there is one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, Missing, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Model, ProviderKind, Route
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit

sql = db.load("registry/routes")

DEFAULT_NAME = "Default"
MOST_MODELS = 50


def list_all(conn: db.Connection, *, limit: int = 1000, offset: int = 0) -> list[Route]:
    """The default first, then by name."""
    return _with_models(conn, list(sql.list_routes(conn, limit=limit, offset=offset)))


def list_choices(conn: db.Connection) -> list[tuple[str, str]]:
    """Whom somebody may choose to ask, as `route:3` or `model:7` with its name: routes, the default first, then models
    by provider."""
    return [(f"{row['kind']}:{row['id']}", row["name"]) for row in sql.list_choices(conn)]


def count(conn: db.Connection) -> int:
    number: int = sql.count_routes(conn)
    return number


def get(conn: db.Connection, *, route_id: int) -> Route:
    row = sql.get_route(conn, route_id=route_id)
    if row is None:
        raise NotFound("There is no such route. It may have been archived.")
    return _with_models(conn, [row])[0]


def get_default(conn: db.Connection) -> Route | None:
    row = sql.get_default_route(conn)
    return _with_models(conn, [row])[0] if row is not None else None


def find_by_name(conn: db.Connection, *, name: str) -> Route | None:
    row = sql.find_by_name(conn, name=name)
    return _with_models(conn, [row])[0] if row is not None else None


def create(
    conn: db.Connection, *, actor: User, name: str, model_ids: Sequence[int] = (), is_default: bool = False
) -> Route:
    """A new route; the first of all becomes the default. Raises Invalid, or Conflict when the name is taken."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.lock_default(conn)
    name = _clean_name(name)
    with _guard(conn, name):
        route_id: int = sql.create_route(conn, name=name)
    _set_models(conn, route_id, model_ids)
    if is_default or sql.get_default_route(conn) is None:
        _make_default(conn, route_id)
    route = get(conn, route_id=route_id)
    audit.record(conn, actor=actor, action="create", noun="route", noun_id=route_id, detail=name, after=_of(route))
    return route


def update(
    conn: db.Connection,
    *,
    actor: User,
    route_id: int,
    name: str | None = None,
    model_ids: Sequence[int] | None = None,
    is_default: bool | None = None,
) -> Route:
    """Change what is given; `model_ids` is the whole new order. Raises Invalid, or Conflict when the name is taken."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.lock_default(conn)
    sql.lock_route(conn, route_id=route_id)
    route = get(conn, route_id=route_id)
    if is_default is False and route.is_default:
        raise Unfit.field("is_default", "One route must be the default. Make another route the default instead.")
    if name is not None:
        name = _clean_name(name)
        with _guard(conn, name):
            sql.rename_route(conn, route_id=route_id, name=name)
    if model_ids is not None:
        _set_models(conn, route_id, model_ids)
    if is_default:
        _make_default(conn, route_id)
    return _logged(conn, actor, route)


def move(conn: db.Connection, *, actor: User, route_id: int, model_id: int, by: int) -> Route:
    """Put one model `by` places later (or earlier, when negative), as far as there are places."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.lock_route(conn, route_id=route_id)
    route = get(conn, route_id=route_id)
    order = [model.id for model in route.models]
    if model_id not in order:
        raise NotFound("This model is no longer in the route.")
    place = order.index(model_id)
    order.insert(min(max(place + by, 0), len(order) - 1), order.pop(place))
    _set_models(conn, route_id, order)
    return _logged(conn, actor, route)


def reorder(conn: db.Connection, *, actor: User, route_id: int, order: Sequence[int]) -> Route:
    """Put the models in this order. Raises Conflict when they are no longer the route's: somebody else changed it."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.lock_route(conn, route_id=route_id)
    route = get(conn, route_id=route_id)
    if sorted(order) != sorted(model.id for model in route.models):
        raise Conflict("The models of this route changed meanwhile. Load the page again, then put them in order.")
    _set_models(conn, route_id, order)
    return _logged(conn, actor, route)


def add_model(conn: db.Connection, *, actor: User, route_id: int, model_id: int) -> Route:
    """Put a model at the end. Raises Invalid when it is there already."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.lock_route(conn, route_id=route_id)
    route = get(conn, route_id=route_id)
    order = [model.id for model in route.models]
    _set_models(conn, route_id, [*order, model_id])
    return _logged(conn, actor, route)


def remove_model(conn: db.Connection, *, actor: User, route_id: int, model_id: int) -> Route:
    """Take a model out; nothing happens when it is not there."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.lock_route(conn, route_id=route_id)
    route = get(conn, route_id=route_id)
    order = [model.id for model in route.models]
    _set_models(conn, route_id, [other for other in order if other != model_id])
    return _logged(conn, actor, route)


def add_to_default(conn: db.Connection, *, actor: User, models: Sequence[Model]) -> Route:
    """Put models at the end of the default route, which is made if there is none.

    Models that are no AI give way to real ones: they were only there because nothing else was.
    """
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.lock_default(conn)
    route = get_default(conn)
    if route is None:
        return create(
            conn, actor=actor, name=_free_name(conn), model_ids=[model.id for model in models], is_default=True
        )
    stay = list(route.models)
    if not any(model.is_ai for model in stay) and any(model.is_ai for model in models):
        stay = []
    added = [model for model in models if all(model.id != other.id for other in stay)]
    return update(conn, actor=actor, route_id=route.id, model_ids=[model.id for model in [*stay, *added]])


def archive(conn: db.Connection, *, actor: User, route_id: int) -> Route:
    """Put it away. Raises Conflict while it is the default or an action asks it, naming which."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.lock_default(conn)
    route = get(conn, route_id=route_id)
    if route.is_default:
        raise Conflict(f"{route.name} is the default route. Make another route the default first.")
    actions = [row["name"] for row in sql.list_action_names(conn, route_id=route_id)]
    if actions:
        raise Conflict(f"{route.name} is asked by {', '.join(actions)}. Give these actions another route first.")
    sql.delete_route_models(conn, route_id=route_id)
    sql.archive_route(conn, route_id=route_id)
    audit.record(conn, actor=actor, action="archive", noun="route", noun_id=route_id, detail=route.name)
    return route


def _logged(conn: db.Connection, actor: User, before: Route) -> Route:
    """The route as it is now, and what that changed in the log."""
    after = get(conn, route_id=before.id)
    if _of(after) != _of(before):
        audit.record(
            conn, actor=actor, action="update", noun="route", noun_id=before.id, detail=before.name, before=_of(before),
            after=_of(after),
        )  # fmt: skip
    return after


def _of(route: Route) -> dict[str, object]:
    names = [f"{model.name} on {model.provider_name}" for model in route.models]
    return {"name": route.name, "is_default": route.is_default, "models": names}


def _with_models(conn: db.Connection, rows: list[dict[str, Any]]) -> list[Route]:
    models: dict[int, list[Model]] = {row["id"]: [] for row in rows}
    for row in sql.list_models(conn, route_ids=list(models)):
        route_id = row.pop("route_id")
        models[route_id].append(Model(**{**row, "provider_kind": ProviderKind(row["provider_kind"])}))
    return [Route(**row, models=tuple(models[row["id"]])) for row in rows]


def _set_models(conn: db.Connection, route_id: int, model_ids: Sequence[int]) -> None:
    if len(model_ids) > MOST_MODELS:
        raise Invalid.field("model_ids", f"A route has at most {MOST_MODELS} models.")
    if len(set(model_ids)) < len(model_ids):
        raise Invalid.field("model_ids", "A model can stand in a route only once.")
    missing = [row["id"] for row in sql.list_missing_models(conn, model_ids=list(model_ids))]
    if missing:
        raise Missing.field("model_ids", f"There is no model {', '.join(map(str, missing))}.")
    sql.delete_route_models(conn, route_id=route_id)
    sql.add_route_models(conn, route_id=route_id, model_ids=list(model_ids))


def _make_default(conn: db.Connection, route_id: int) -> None:
    sql.clear_default(conn)
    sql.set_default(conn, route_id=route_id)


def _free_name(conn: db.Connection) -> str:
    """Default, or the first of Default 2, Default 3, … that nobody has."""
    name, number = DEFAULT_NAME, 1
    while sql.find_by_name(conn, name=name) is not None:
        number += 1
        name = f"{DEFAULT_NAME} {number}"
    return name


def _clean_name(name: str) -> str:
    return texts.line(name, name="name", label="The name", max_length=100)


def _guard(conn: db.Connection, name: str) -> AbstractContextManager[None]:
    message = f"There is already a route named {name}. Choose another name."
    return uniqueness.guard(conn, constraint="routes_name_key", message=message)
