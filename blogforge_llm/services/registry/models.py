"""Models of providers: what they can take, what they cost, how long to wait for them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Model, Provider, ProviderKind
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.registry import circuits, known_services, prices, providers, routes

sql = db.load("registry/models")

PARAMETERS = ("temperature", "top_p", "max_tokens", "stop", "seed", "response_format", "stream_options")
LONGEST_WAIT_S = 3600


class Details(TypedDict, total=False):
    """What may be set on a model beside its name; None is unknown, no limit, or for waits the provider's default."""

    context_window: int | None
    max_output_tokens: int | None
    input_price: Decimal | None
    output_price: Decimal | None
    streams: bool
    sees_images: bool
    writes_json: bool
    refused_parameters: list[str]
    is_ai: bool
    first_token_timeout_s: Decimal | None
    idle_timeout_s: Decimal | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    requests_per_day: int | None
    tokens_per_day: int | None
    max_in_flight: int | None
    is_enabled: bool


class Changes(Details, total=False):
    name: str


_DEFAULTS: Details = {
    "context_window": None,
    "max_output_tokens": None,
    "input_price": None,
    "output_price": None,
    "streams": True,
    "sees_images": False,
    "writes_json": True,
    "refused_parameters": [],
    "first_token_timeout_s": None,
    "idle_timeout_s": None,
    "requests_per_minute": None,
    "tokens_per_minute": None,
    "requests_per_day": None,
    "tokens_per_day": None,
    "max_in_flight": None,
    "is_enabled": True,
}
_FIELDS = (*_DEFAULTS, "is_ai", "name")
_PRICES = ("input_price", "output_price")


def list_all(conn: db.Connection, *, limit: int = 10_000, offset: int = 0) -> list[Model]:
    """By provider, in the order they were added."""
    return [_model(row) for row in sql.list_models(conn, limit=limit, offset=offset)]


def list_of_provider(conn: db.Connection, *, provider_id: int) -> list[Model]:
    return [_model(row) for row in sql.list_of_provider(conn, provider_id=provider_id)]


def count(conn: db.Connection) -> int:
    number: int = sql.count_models(conn)
    return number


def get(conn: db.Connection, *, model_id: int) -> Model:
    row = sql.get_model(conn, model_id=model_id)
    if row is None:
        raise NotFound("There is no such model. It may have been archived.")
    return _model(row)


def find_by_name(conn: db.Connection, *, name: str) -> Model | None:
    """By its name as the provider spells it, or by "Provider/model". Raises Invalid, at the field `model`, when several
    providers could be meant; those that are switched off are not while another is on."""
    same = [_model(row) for row in sql.list_by_name(conn, name=name)]
    meant = [model for model in same if model.is_enabled and model.provider_is_enabled] or same
    if len(meant) > 1:
        names = " or ".join(f"{model.provider_name}/{model.name}" for model in meant)
        raise Unfit.field("model", f"Several providers have a model named {name}. Say which you mean: {names}.")
    if meant:
        return meant[0]
    row = sql.find_by_full_name(conn, name=name)
    return _model(row) if row is not None else None


def create(
    conn: db.Connection,
    *,
    actor: User,
    provider_id: int,
    name: str,
    in_default_route: bool = False,
    **details: Unpack[Details],
) -> Model:
    """A new model. The first one ever makes the default route; later ones join it when `in_default_route` says so."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    provider = providers.get(conn, provider_id=provider_id)
    is_ai = provider.kind != ProviderKind.LLM or name not in known_services.NOT_AI
    values = _clean({**_DEFAULTS, "is_ai": is_ai, **details, "name": name})
    costs = {field: values.pop(field) for field in _PRICES}
    with _guard(conn, provider, values["name"]):
        model_id = sql.create_model(conn, provider_id=provider_id, **values)
    if any(price is not None for price in costs.values()):
        prices.record(conn, actor=actor, model_id=model_id, **costs)
    model = get(conn, model_id=model_id)
    audit.record(conn, actor=actor, action="create", noun="model", noun_id=model_id, detail=_label(model), after=model)
    if in_default_route or routes.get_default(conn) is None:
        routes.add_to_default(conn, actor=actor, models=[model])
    return model


def update(conn: db.Connection, *, actor: User, model_id: int, **changes: Unpack[Changes]) -> Model:
    """Change what is given; another price holds from now on. Raises Invalid, or Conflict when the provider has another
    model of that name."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    model = get(conn, model_id=model_id)
    stands = asdict(model)
    values = _clean({**{field: stands[field] for field in _FIELDS}, **changes})
    costs = {field: values.pop(field) for field in _PRICES}
    with _guard(conn, providers.get(conn, provider_id=model.provider_id), values["name"]):
        sql.update_model(conn, model_id=model_id, **values)
    if any(costs[field] != stands[field] for field in _PRICES):
        prices.create(conn, actor=actor, model=model, **costs)
    if values["name"] != model.name:
        circuits.forget_model(conn, model_id=model_id)
    after = get(conn, model_id=model_id)
    audit.record(
        conn,
        actor=actor,
        action="update",
        noun="model",
        noun_id=model_id,
        detail=_label(model),
        before=model,
        after=after,
    )
    return after


def archive(conn: db.Connection, *, actor: User, model_id: int) -> Model:
    """Put it away; what it answered stays. Raises Conflict while a route asks it, naming which."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    model = get(conn, model_id=model_id)
    names = list_route_names(conn, model_id=model_id)
    if names:
        raise Conflict(
            f"{model.name} stands in the route{'s' if len(names) > 1 else ''} {', '.join(names)}. "
            "Take it out there first, or disable it."
        )
    sql.archive_model(conn, model_id=model_id)
    audit.record(conn, actor=actor, action="archive", noun="model", noun_id=model_id, detail=_label(model))
    return model


def list_route_names(conn: db.Connection, *, model_id: int) -> list[str]:
    """The names of the routes that ask this model."""
    return [row["name"] for row in sql.list_route_names(conn, model_id=model_id)]


def _label(model: Model) -> str:
    return f"{model.name} on {model.provider_name}"


def _model(row: dict[str, Any]) -> Model:
    return Model(**{**row, "provider_kind": ProviderKind(row["provider_kind"])})


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    """Raises Invalid naming every field that does not fit."""
    values["name"] = texts.line(values["name"], name="name", label="The name", max_length=200)
    values["refused_parameters"] = sorted(set(values["refused_parameters"]))
    wrong: dict[str, str] = {}
    for field in ("context_window", "max_output_tokens"):
        if values[field] is not None and not 0 < values[field] < 2**31:
            wrong[field] = "A number of tokens is a whole number above 0, or empty when not known."
    wrong |= prices.wrong_prices({field: values[field] for field in _PRICES})
    for field in ("first_token_timeout_s", "idle_timeout_s"):
        wait = values[field]
        if wait is not None and not (wait.is_finite() and 0 < wait <= LONGEST_WAIT_S):
            wrong[field] = f"A time limit is above 0 and at most {LONGEST_WAIT_S:,} seconds, or empty for the default."
    unknown = [name for name in values["refused_parameters"] if name not in PARAMETERS]
    wrong |= providers.wrong_limits(values)
    if unknown:
        wrong["refused_parameters"] = f"Not a parameter: {', '.join(unknown)}. Choose from {', '.join(PARAMETERS)}."
    if wrong:
        raise Invalid("The model cannot be saved yet.", wrong)
    return values


def _guard(conn: db.Connection, provider: Provider, name: str) -> AbstractContextManager[None]:
    message = f"{provider.name} already has a model named {name}. Edit that one instead."
    return uniqueness.guard(conn, constraint="models_name_key", message=message)
