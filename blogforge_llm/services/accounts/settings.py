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
_DAYS_MAX = 36_500

sql = db.load("accounts/settings")


@dataclass(frozen=True, slots=True)
class Known:
    group: str
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
    return in_force(sql.get_value(conn, key=key), key=key)


def in_force(kept: Any, *, key: str) -> Any:
    """What was kept, or the default where nothing was."""
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
        key, known.group, known.label, known.description, known.kind, row["value"], known.default, row["updated_at"],
        row["updated_by_name"],
    )  # fmt: skip


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid.field("value", "This setting is either true or false.")
    return value


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Invalid.field("value", f"This setting is a whole number from {least} to {most:,}.")
        return value

    return parse


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


KNOWN: dict[str, Known] = {
    "cors_origins": Known(
        "Access",
        "Web pages that may call the API",
        "Origins whose pages may call the API from a browser, with a token. While the list is empty, none may.",
        "origins",
        [],
        _origins,
    ),
    "forbid_private_addresses": Known(
        "Models",
        "Forbid providers on private addresses",
        "Refuse provider addresses on this machine and in private networks, such as a local Ollama server.",
        "boolean",
        False,
        _boolean,
    ),
    "api_requests_per_token": Known(
        "Access",
        "API requests a minute with one token",
        "How often a program may call the API in any minute. Above it, it is told to wait.",
        "integer",
        6_000,
        _whole(1, _REQUESTS_MAX),
    ),
    "api_requests_per_user": Known(
        "Access",
        "API requests a minute of one user",
        "The same for all the tokens of a user together.",
        "integer",
        12_000,
        _whole(1, _REQUESTS_MAX),
    ),
    "trusted_proxies": Known(
        "Access",
        "Proxies in front",
        "How many proxies stand in front of this server, one behind the other. So many entries of X-Forwarded-For and "
        "X-Forwarded-Proto are believed, to count wrong passwords by address and to mark the cookie as secure. "
        "0 while browsers reach it directly; more than there are lets anybody claim any address.",
        "integer",
        0,
        _whole(0, _PROXIES_MAX),
    ),
    "deadline_s": Known(
        "Models",
        "Time for a task, in seconds",
        "How long a task may take where its maker named no time: waiting, retries and other models included.",
        "integer",
        120,
        _whole(5, 3600),
    ),
    "first_token_timeout_s": Known(
        "Models",
        "Wait for the first word, in seconds",
        "After so long without a word the next model is asked. For models that name no time of their own; "
        "local servers, which load a model first, have two minutes.",
        "integer",
        10,
        _whole(1, 600),
    ),
    "idle_timeout_s": Known(
        "Models",
        "Wait for the next word, in seconds",
        "A text that stops for so long counts as broken off. For models that name no time of their own, "
        "but not for local servers.",
        "integer",
        10,
        _whole(1, 600),
    ),
    "keep_texts_days": Known(
        "Retention",
        "Keep prompts and answers, in days",
        "Every night the prompts, inputs and answers of tasks that ended longer ago are cleared; the task stays, with "
        "its tokens, cost and times. What waits for somebody's decision is kept, and posts are never touched. "
        "0 keeps everything.",
        "integer",
        0,
        _whole(0, _DAYS_MAX),
    ),
    "keep_audit_days": Known(
        "Retention",
        "Keep the audit log, in days",
        "Every night older entries are deleted. 0 keeps everything.",
        "integer",
        0,
        _whole(0, _DAYS_MAX),
    ),
    "keep_errors_days": Known(
        "Retention",
        "Keep errors, in days",
        "Every night errors that were not seen for longer are deleted. 0 keeps everything.",
        "integer",
        90,
        _whole(0, _DAYS_MAX),
    ),
    "keep_alerts_days": Known(
        "Retention",
        "Keep alerts, in days",
        "Every night alerts that were over before that are deleted. 0 keeps everything.",
        "integer",
        365,
        _whole(0, _DAYS_MAX),
    ),
}

_READ: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "1",
    "integer": _integer,
    "origins": str.split,
}
