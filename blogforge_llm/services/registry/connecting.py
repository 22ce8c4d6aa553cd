"""Connecting a known service in one step: the provider, its key, suggested models, a place in the default route.

Keys of the environment are offered by name, and stored, encrypted, only when somebody chooses one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from blogforge_llm import config, db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Provider
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.registry import keys, known_services, models, providers, routes
from blogforge_llm.services.registry.known_services import KnownService


@dataclass(frozen=True, slots=True)
class OfferedKey:
    """A key that stands in the environment, without its secret."""

    variable: str
    hint: str


def list_offered(*, actor: User, service: KnownService) -> list[OfferedKey]:
    """The service's own variable; any key-like variable for services that have none of their own."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    if service.group == "local" or service.key == "echo":
        return []
    own = {known.variable for known in known_services.SERVICES} - {None}
    return [
        OfferedKey(variable, keys.hint(secret))
        for variable, secret in config.provider_keys().items()
        if variable == service.variable or (service.variable is None and variable not in own)
    ]


def list_found(*, actor: User) -> dict[str, OfferedKey]:
    """Services whose key stands in the environment, by service key."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    secrets = config.provider_keys()
    return {
        service.key: OfferedKey(service.variable, keys.hint(secrets[service.variable]))
        for service in known_services.SERVICES
        if service.variable in secrets
    }


def suggest(service: KnownService, *, name: str, variable: str = "") -> dict[str, Any]:
    """What the connect form shows at first; `variable` is a key of the environment somebody clicked on."""
    return {
        "name": name,
        "base_url": service.base_url or "",
        "key_source": f"env:{variable}" if variable else "typed",
        "models": [model.name for model in service.models],
        "in_default_route": True,
        "requests_per_minute": service.requests_per_minute,
        "tokens_per_minute": service.tokens_per_minute,
    }


def connect(
    conn: db.Connection,
    *,
    actor: User,
    service: KnownService,
    name: str,
    api_key: str = "",
    variable: str = "",
    model_names: Sequence[str] = (),
    in_default_route: bool = False,
    **details: Unpack[providers.Details],
) -> Provider:
    """Make the rows. The key comes from `variable` of the environment when one is named, else it is `api_key`."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    secret = _from_environment(variable) if variable else api_key.strip()
    if service.needs_key and not secret:
        raise Invalid.field(
            "api_key", f"{service.name} needs an API key. Get one at {service.keys_url} and enter it here."
        )
    provider = providers.create(conn, actor=actor, name=name, kind=service.kind, api_key=secret or None, **details)
    chosen = [
        models.create(conn, actor=actor, provider_id=provider.id, name=known.name, context_window=known.context_window)
        for known in service.models
        if known.name in model_names
    ]
    if chosen and in_default_route:
        routes.add_to_default(conn, actor=actor, models=chosen)
    return providers.get(conn, provider_id=provider.id)


def free_name(conn: db.Connection, *, service: KnownService) -> str:
    """The service's name, with a number when it is taken."""
    taken = {provider.name.lower() for provider in providers.list_all(conn)}
    name, number = service.name, 1
    while name.lower() in taken:
        number += 1
        name = f"{service.name} {number}"
    return name


def _from_environment(variable: str) -> str:
    secret = config.provider_keys().get(variable)
    if secret is None:
        raise Invalid.field("key_source", f"{variable} is no longer in the environment. Enter the key instead.")
    return secret.strip()
