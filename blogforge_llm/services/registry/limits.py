"""How much of the limits of a provider and its models is used right now. What keeps them is engine/limits.py."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.engine import limits
from blogforge_llm.engine.breakers import in_words
from blogforge_llm.engine.types import NO_LIMITS, Candidate, Limits, Notice
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import LimitGroup, LimitUse, Model, Provider
from blogforge_llm.services.accounts import permissions

sql = db.load("registry/limits")

_UNITS = {
    "requests_per_minute": "Requests a minute",
    "tokens_per_minute": "Tokens a minute",
    "requests_per_day": "Requests a day",
    "tokens_per_day": "Tokens a day",
    "max_in_flight": "At the same time",
}


def list_used(conn: db.Connection, *, actor: User, provider: Provider, models: list[Model]) -> list[LimitGroup]:
    """For each shared key, or for the provider where it needs none: its own limits, then those of its models. Only
    where there is a limit, or where the provider said that little is left."""
    permissions.require(actor, Permission.READ)
    asked = [
        (account, owner, candidate)
        for account, key_id in _accounts(conn, actor, provider)
        for owner, candidate in _candidates(provider, models, key_id)
    ]
    names = [_name(candidate) for _, _, candidate in asked]
    used, notices = limits.list_used(conn, names=names), limits.list_notices(conn, names=names)
    groups = [
        LimitGroup(owner, account, _uses(candidate, used[name]), _words(notices.get(name, [])))
        for name, (account, owner, candidate) in zip(names, asked, strict=True)
    ]
    return [group for group in groups if group.uses or group.notices]


def _accounts(conn: db.Connection, actor: User, provider: Provider) -> list[tuple[str | None, int | None]]:
    """Name and id of the keys; without a name where there is only one, and neither where there is none."""
    keys = list(sql.list_accounts(conn, provider_id=provider.id))
    if len(keys) < 2:
        return [(None, keys[0]["id"] if keys else None)]
    sees_names = permissions.may(actor, Permission.KEEP_REGISTRY)
    return [(key["name"] if sees_names else f"Key {number}", key["id"]) for number, key in enumerate(keys, 1)]


def _candidates(provider: Provider, models: list[Model], key_id: int | None) -> list[tuple[str, Candidate]]:
    whole = Candidate(0, "", provider.id, provider.name, provider.kind, key_id=key_id, account_limits=_limits(provider))
    each = [
        Candidate(model.id, model.name, provider.id, provider.name, provider.kind, key_id=key_id,
                  model_limits=_limits(model))
        for model in models
    ]  # fmt: skip
    return [("All models", whole), *((candidate.model_name, candidate) for candidate in each)]


def _limits(thing: Provider | Model) -> Limits:
    return Limits(**{field: getattr(thing, field) for field in _UNITS})


def _name(candidate: Candidate) -> str:
    return limits.model(candidate) if candidate.model_id else limits.account(candidate)


def _uses(candidate: Candidate, used: Limits) -> tuple[LimitUse, ...]:
    most = candidate.account_limits if candidate.account_limits != NO_LIMITS else candidate.model_limits
    return tuple(
        LimitUse(label, getattr(used, field), getattr(most, field))
        for field, label in _UNITS.items()
        if getattr(most, field) is not None
    )


def _words(notices: list[Notice]) -> tuple[str, ...]:
    return tuple(
        f"The provider says: {notice.remaining:,} of {notice.most:,} {notice.unit} left, "
        f"all again in {in_words(notice.resets_in_s)}."
        for notice in notices
    )
