"""The few things admins may set for everybody: known keys with type, default and meaning; nothing else is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound
from blogforge_llm.records.accounts import Permission, Setting, User
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit

_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?")
_ORIGINS_MAX = 50
_REQUESTS_MAX = 1_000_000
_PROXIES_MAX = 10

sql = db.load("accounts/settings")


@dataclass(frozen=True, slots=True)
class Known:
    label: str
    description: str
    kind: str
    default: Any
    parse: Callable[[Any], Any]


def list_(conn: db.Connection, *, actor: User) -> list[Setting]:
    """Every known key with the value in force."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    rows = {row["key"]: row for row in sql.list_settings(conn)}
    return [_setting(key, known, rows.get(key)) for key, known in KNOWN.items()]


def get(conn: db.Connection, *, actor: User, key: str) -> Setting:
    """Raises NotFound for a key that means nothing."""
    _known(key)
    return next(setting for setting in list_(conn, actor=actor) if setting.key == key)


def value(conn: db.Connection, *, key: str) -> Any:
    """The value in force, for the code that obeys it."""
    kept = sql.get_value(conn, key=key)
    return _known(key).default if kept is None else kept


def update(conn: db.Connection, *, actor: User, key: str, value: Any) -> Setting:
    """Raises NotFound for an unknown key, Invalid for a value of another type."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    before = get(conn, actor=actor, key=key)
    sql.set_value(conn, key=key, value=Jsonb(_known(key).parse(value)), user_id=actor.id)
    after = get(conn, actor=actor, key=key)
    if after.value != before.value:
        audit.record(
            conn, actor=actor, action="update", noun="setting", noun_id=key, detail=after.label,
            before={"value": before.value}, after={"value": after.value},
        )  # fmt: skip
    return after


def update_from_text(conn: db.Connection, *, actor: User, key: str, text: str) -> Setting:
    """The same from a form: "1" is on and anything else off; lists are one entry a line."""
    return update(conn, actor=actor, key=key, value=_READ[_known(key).kind](text))


def _known(key: str) -> Known:
    if key not in KNOWN:
        raise NotFound(f"There is no such setting. The settings are {', '.join(KNOWN)}.")
    return KNOWN[key]


def _setting(key: str, known: Known, row: dict[str, Any] | None) -> Setting:
    row = row or {"value": known.default, "updated_at": None, "updated_by_name": None}
    return Setting(
        key, known.label, known.description, known.kind, row["value"], known.default, row["updated_at"],
        row["updated_by_name"],
    )  # fmt: skip


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid.field("value", "This setting is either true or false.")
    return value


def _proxies(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _PROXIES_MAX:
        raise Invalid.field("value", f"This setting is a whole number from 0 to {_PROXIES_MAX}.")
    return value


def _integer(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _origins(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid.field("value", "This setting is a list of origins, such as https://example.org.")
    origins = list(dict.fromkeys(item.strip().lower().removesuffix("/") for item in value if item.strip()))
    if len(origins) > _ORIGINS_MAX:
        raise Invalid.field("value", f"At most {_ORIGINS_MAX} origins can be listed; these are {len(origins)}.")
    for origin in origins:
        if len(origin) > 300 or not _ORIGIN.fullmatch(origin):
            raise Invalid.field(
                "value",
                f"{origin[:100]!r} is not an origin. Write scheme and host, without a path: https://example.org.",
            )
    return origins


def _requests(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _REQUESTS_MAX:
        raise Invalid.field("value", f"This setting is a whole number from 1 to {_REQUESTS_MAX:,}.")
    return value


KNOWN: dict[str, Known] = {
    "cors_origins": Known(
        "Web pages that may call the API",
        "Origins whose pages may call the API from a browser, with a token. While the list is empty, none may.",
        "origins",
        [],
        _origins,
    ),
    "forbid_private_addresses": Known(
        "Forbid providers on private addresses",
        "Refuse provider addresses on this machine and in private networks, such as a local Ollama server.",
        "boolean",
        False,
        _boolean,
    ),
    "api_requests_per_token": Known(
        "API requests a minute with one token",
        "How often a program may call the API in any minute. Above it, it is told to wait.",
        "integer",
        6_000,
        _requests,
    ),
    "api_requests_per_user": Known(
        "API requests a minute of one user",
        "The same for all the tokens of a user together.",
        "integer",
        12_000,
        _requests,
    ),
    "trusted_proxies": Known(
        "Proxies in front",
        "How many proxies stand in front of this server, one behind the other. So many entries of X-Forwarded-For and "
        "X-Forwarded-Proto are believed, to count wrong passwords by address and to mark the cookie as secure. "
        "0 while browsers reach it directly; more than there are lets anybody claim any address.",
        "integer",
        0,
        _proxies,
    ),
}

_READ: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "1",
    "integer": _integer,
    "origins": str.split,
}
