"""The log's filter as chips: what each says, and the address without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request

from blogforge_llm import db
from blogforge_llm.services.tasks import filters, log, wording
from blogforge_llm.web.pieces import addresses

_LABELS = {
    "category": "Failed with", "model": "Answered by", "template": "Template", "action": "Action", "user": "Asked by",
    "post": "Post", "from": "From", "to": "To", "min_cost": "At least $", "max_cost": "At most $", "q": "Words",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    text: str
    remove_url: str


def address(endpoint: str = "tasks.index", *, without: str = "", **changes: Any) -> str:
    """The log's address with the filter of this request, but for `without`, and with `changes` that are not None."""
    wanted = {name: value for name, value in (_given() | {without: None} | changes).items() if value is not None}
    return addresses.address(endpoint, **wanted)


def chips(conn: db.Connection, choices: dict[str, list[tuple[int, str]]]) -> list[Chip]:
    """One for each filter but the status, which the tabs show."""
    given = _given()
    return [Chip(_words(conn, name, given[name], choices), address(without=name)) for name in _LABELS if name in given]


def _given() -> dict[str, str]:
    """The filter as the address says it, without what is empty."""
    arguments = request.args
    return {name: value for name in filters.NAMES if name in arguments and (value := arguments[name].strip())}


def _words(conn: db.Connection, name: str, value: str, choices: dict[str, list[tuple[int, str]]]) -> str:
    label = _LABELS[name]
    if name == "category":
        return f"{label}: {dict(wording.PHRASES).get(value, value)}"  # type: ignore[call-overload]
    if name in choices:
        number = value.lstrip("#")
        named = next((text for key, text in choices[name] if str(key) == number), f"#{number}")
        return f"{label}: {'none' if (name, number) == ('template', '0') else named}"
    if name == "post":
        title = log.post_title(conn, post_id=int(value.lstrip("#")))
        return f"Post: {title or 'none with the number ' + value}"
    return f"{label}{value.lstrip('$')}" if name.endswith("cost") else f"{label}: {value}"
