"""API keys of providers: shared ones, kept by admins, and everybody's own. No function here returns a secret."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.errors import Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import ProviderKey
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.registry import circuits, encryption

sql = db.load("registry/keys")

_LONGEST = 1000


def list_visible(conn: db.Connection, *, actor: User, limit: int = 100, offset: int = 0) -> list[ProviderKey]:
    """The actor's own keys, then the shared ones if the actor keeps the registry."""
    permissions.require(actor, Permission.READ)
    sees_shared = permissions.may(actor, Permission.KEEP_REGISTRY)
    rows = sql.list_visible(conn, user_id=actor.id, sees_shared=sees_shared, limit=limit, offset=offset)
    return [ProviderKey(**row) for row in rows]


def count_visible(conn: db.Connection, *, actor: User) -> int:
    sees_shared = permissions.may(actor, Permission.KEEP_REGISTRY)
    count: int = sql.count_visible(conn, user_id=actor.id, sees_shared=sees_shared)
    return count


def list_of_provider(conn: db.Connection, *, actor: User, provider_id: int) -> list[ProviderKey]:
    """The shared keys of one provider, in the order they are used."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    return [ProviderKey(**row) for row in sql.list_of_provider(conn, provider_id=provider_id)]


def get(conn: db.Connection, *, actor: User, key_id: int) -> ProviderKey:
    """Raises NotFound for somebody else's own key, Forbidden for a shared one without the right."""
    row = sql.get_key(conn, key_id=key_id)
    if row is None or row["user_id"] not in (None, actor.id):
        raise NotFound("There is no such key.")
    if row["user_id"] is None:
        permissions.require(actor, Permission.KEEP_REGISTRY)
    return ProviderKey(**row)


def create(
    conn: db.Connection, *, actor: User, provider_id: int, api_key: str, name: str = "", is_personal: bool = False
) -> ProviderKey:
    """Encrypt and keep a key. A personal one is the actor's alone; a shared one serves everybody."""
    permissions.require(actor, Permission.READ)
    if not is_personal and not permissions.may(actor, Permission.KEEP_REGISTRY):
        raise Forbidden("Only admins keep shared keys. Add it as your own key instead.")
    if not sql.has_provider(conn, provider_id=provider_id):
        raise NotFound("There is no such provider. It may have been archived.")
    secret = _clean_secret(api_key)
    key_id = sql.create_key(
        conn,
        provider_id=provider_id,
        user_id=actor.id if is_personal else None,
        name=_clean_name(name) or ("My key" if is_personal else "Shared key"),
        ciphertext=encryption.encrypt(secret),
        hint=hint(secret),
        created_by=actor.id,
    )
    key = get(conn, actor=actor, key_id=key_id)
    _log(conn, actor, "create", key)
    return key


def update(
    conn: db.Connection,
    *,
    actor: User,
    key_id: int,
    name: str | None = None,
    is_enabled: bool | None = None,
    api_key: str | None = None,
) -> ProviderKey:
    """Change what is given; a new secret replaces the old one."""
    key = get(conn, actor=actor, key_id=key_id)
    name = key.name if name is None else _clean_name(name) or key.name
    sql.update_key(conn, key_id=key_id, name=name, is_enabled=key.is_enabled if is_enabled is None else is_enabled)
    if api_key:
        secret = _clean_secret(api_key)
        sql.replace_secret(conn, key_id=key_id, ciphertext=encryption.encrypt(secret), hint=hint(secret))
        circuits.forget_key(conn, key_id=key_id)
    after = get(conn, actor=actor, key_id=key_id)
    _log(conn, actor, "replace" if api_key else "update", after, before=key)
    return after


def delete(conn: db.Connection, *, actor: User, key_id: int) -> ProviderKey:
    """Remove the key for good; what it was."""
    key = get(conn, actor=actor, key_id=key_id)
    sql.delete_key(conn, key_id=key_id)
    _log(conn, actor, "delete", key)
    return key


def hint(secret: str) -> str:
    """The last four characters, nothing of a key so short that four would give it away."""
    return secret[-4:] if len(secret) >= 8 else ""


def _log(conn: db.Connection, actor: User, action: str, key: ProviderKey, *, before: ProviderKey | None = None) -> None:
    """Somebody's own key is their own: the log says that there is one, and no more."""
    is_own = key.user_id is not None
    detail = "a key of their own" if is_own else f"{key.name}, a key of {key.provider_name}"
    values = {} if is_own or before is None else {"before": _of(before), "after": _of(key)}
    audit.record(conn, actor=actor, action=action, noun="key", noun_id=key.id, detail=detail, **values)


def _of(key: ProviderKey) -> dict[str, object]:
    return {"name": key.name, "is_enabled": key.is_enabled, "ends_with": key.hint}


def _clean_secret(text: str) -> str:
    secret = text.strip()
    if not secret:
        raise Invalid.field("api_key", "The API key is missing. Copy it from the provider's console.")
    if len(secret) > _LONGEST:
        raise Invalid.field("api_key", f"An API key has at most {_LONGEST:,} characters; this has {len(secret):,}.")
    if not all("!" <= character <= "~" for character in secret):
        raise Invalid.field(
            "api_key", "An API key has no spaces, line breaks or special characters. Copy it again from the provider."
        )
    return secret


def _clean_name(text: str) -> str:
    return texts.clean(text, name="name", label="The name", max_length=200).replace("\n", " ").strip()
