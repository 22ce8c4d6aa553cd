"""Providers: LLM services and local servers, with their limits and the result of their last test."""

from __future__ import annotations

import ipaddress
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

from blogforge_llm import db
from blogforge_llm.engine import addresses
from blogforge_llm.errors import Conflict, Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Provider, ProviderKind
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.registry import address_policy, circuits, keys

sql = db.load("registry/providers")

LIMITS = ("requests_per_minute", "tokens_per_minute", "requests_per_day", "tokens_per_day", "max_in_flight")
_MOST = 2**31 - 1
_NO_ADDRESS = "The address is missing. Write it like https://api.example.com/v1."


class Details(TypedDict, total=False):
    """What may be set on a provider beside its name and kind; limits are None for none."""

    base_url: str | None
    is_enabled: bool
    is_local: bool
    requests_per_minute: int | None
    tokens_per_minute: int | None
    requests_per_day: int | None
    tokens_per_day: int | None
    max_in_flight: int | None


class Changes(Details, total=False):
    name: str


def list_all(conn: db.Connection, *, limit: int = 1000, offset: int = 0) -> list[Provider]:
    return [_provider(row) for row in sql.list_providers(conn, limit=limit, offset=offset)]


def count(conn: db.Connection) -> int:
    number: int = sql.count_providers(conn)
    return number


def get(conn: db.Connection, *, provider_id: int) -> Provider:
    row = sql.get_provider(conn, provider_id=provider_id)
    if row is None:
        raise NotFound("There is no such provider. It may have been archived.")
    return _provider(row)


def create(
    conn: db.Connection, *, actor: User, name: str, kind: str, api_key: str | None = None, **details: Unpack[Details]
) -> Provider:
    """A new provider, with a shared key if one is given. Raises Invalid, or Conflict when the name is taken."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    if kind not in list(ProviderKind):
        raise Invalid.field("kind", f"The kind must be one of {', '.join(ProviderKind)}.")
    values: dict[str, Any] = {"base_url": None, "is_enabled": True, **dict.fromkeys(LIMITS), **details}
    values = _clean(conn, ProviderKind(kind), {**values, "name": name})
    if "is_local" not in details:
        # A server of one's own asks for no key; one that has a key is most likely a hosted service behind a proxy.
        values["is_local"] = kind == ProviderKind.OPENAI_COMPATIBLE and not api_key and _is_near(values["base_url"])
    with _guard(conn, values["name"]):
        provider_id = sql.create_provider(conn, kind=kind, **values)
    if api_key:
        keys.create(conn, actor=actor, provider_id=provider_id, api_key=api_key)
    provider = get(conn, provider_id=provider_id)
    audit.record(
        conn, actor=actor, action="create", noun="provider", noun_id=provider_id, detail=provider.name, after=provider
    )
    return provider


def update(conn: db.Connection, *, actor: User, provider_id: int, **changes: Unpack[Changes]) -> Provider:
    """Change what is given. Raises Invalid, or Conflict when the name is taken."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    provider = get(conn, provider_id=provider_id)
    if provider.kind == ProviderKind.OPENAI_COMPATIBLE and not (changes.get("base_url", "x") or "").strip():
        raise Unfit.field("base_url", _NO_ADDRESS)
    stands = asdict(provider)
    values = {field: stands[field] for field in ("name", "base_url", "is_enabled", "is_local", *LIMITS)}
    values = _clean(conn, provider.kind, {**values, **changes})
    with _guard(conn, values["name"]):
        sql.update_provider(conn, provider_id=provider_id, **values)
    if values["base_url"] != provider.base_url:
        sql.forget_test(conn, provider_id=provider_id)
        circuits.forget_provider(conn, provider_id=provider_id)
    after = get(conn, provider_id=provider_id)
    audit.record(
        conn, actor=actor, action="update", noun="provider", noun_id=provider_id, detail=provider.name, before=provider,
        after=after,
    )  # fmt: skip
    return after


def wrong_limits(values: dict[str, Any]) -> dict[str, str]:
    """What is wrong with the limits of a provider or a model, by field."""
    return {
        field: "A limit is a whole number above 0, or empty for none."
        for field in LIMITS
        if values[field] is not None and not 0 < values[field] <= _MOST
    }


def keep_test(conn: db.Connection, *, actor: User, provider_id: int, category: str | None, message: str) -> Provider:
    """Remember how the last test ended; `category` is None when it was good."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    sql.keep_test(conn, provider_id=provider_id, category=category, message=message)
    return get(conn, provider_id=provider_id)


def archive(conn: db.Connection, *, actor: User, provider_id: int) -> Provider:
    """Put it away with its models, and delete its keys. Raises Conflict while a route asks one of its models."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    provider = get(conn, provider_id=provider_id)
    routes = [row["name"] for row in sql.list_route_names(conn, provider_id=provider_id)]
    if routes:
        raise Conflict(
            f"Models of {provider.name} stand in {_routes(routes)}. Take them out there first, or disable the provider."
        )
    sql.delete_keys(conn, provider_id=provider_id)
    sql.archive_models(conn, provider_id=provider_id)
    sql.archive_provider(conn, provider_id=provider_id)
    audit.record(conn, actor=actor, action="archive", noun="provider", noun_id=provider_id, detail=provider.name)
    return provider


def _provider(row: dict[str, Any]) -> Provider:
    return Provider(**{**row, "kind": ProviderKind(row["kind"])})


def _clean(conn: db.Connection, kind: ProviderKind, values: dict[str, Any]) -> dict[str, Any]:
    values["name"] = texts.line(values["name"], name="name", label="The name", max_length=100)
    values["base_url"] = _clean_url(conn, kind, values["base_url"])
    if wrong := wrong_limits(values):
        raise Invalid("A limit does not fit.", wrong)
    return values


def _clean_url(conn: db.Connection, kind: ProviderKind, text: str | None) -> str | None:
    text = texts.clean(text or "", name="base_url", label="The address", max_length=2000).strip()
    if not text:
        if kind == ProviderKind.OPENAI_COMPATIBLE:
            raise Invalid.field("base_url", _NO_ADDRESS)
        return None
    address_policy.apply(conn)
    return addresses.check(addresses.normalise(kind, text))


def _is_near(base_url: str | None) -> bool:
    """On this machine or in its own network, as far as the address tells without being looked up."""
    host = urlsplit(base_url or "").hostname or ""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _routes(names: list[str]) -> str:
    return ("the route " if len(names) == 1 else "the routes ") + ", ".join(names)


def _guard(conn: db.Connection, name: str) -> AbstractContextManager[None]:
    message = f"There is already a provider named {name}. Choose another name."
    return uniqueness.guard(conn, constraint="providers_name_key", message=message)
