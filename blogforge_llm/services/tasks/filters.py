"""What the log is filtered by, as an address says it: status=failed&template=3&from=2026-11-01&q=bread."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from blogforge_llm.errors import Invalid
from blogforge_llm.records.tasks import Category, TaskFilter, TaskStatus
from blogforge_llm.services import texts

NAMES = ("status", "category", "model", "template", "action", "user", "post", "from", "to", "min_cost", "max_cost", "q")
TEXT_MAX = 200


def read(given: Mapping[str, Any], *, takes_empty_spans: bool = False) -> TaskFilter:
    """Other names are not looked at, empty ones mean no filter. Raises Invalid, naming each field that does not fit;
    with `takes_empty_spans` not for an end before the beginning, between which there is no task."""
    wanted: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name in NAMES:
        try:
            text = texts.clean(_given(given.get(name)), name=name, label="The filter", max_length=TEXT_MAX).strip()
            field, reader = _READERS[name]
            wanted[field] = reader(name, text) if text else None
        except Invalid as error:
            wrong |= error.errors
    is_backwards = wanted.get("since") and wanted.get("until") and wanted["since"] >= wanted["until"]
    if is_backwards and not takes_empty_spans:
        wrong["to"] = "The end lies before the beginning. Change one of them."
    if wrong:
        raise Invalid("This filter cannot be used: " + " ".join(wrong.values()), wrong)
    return TaskFilter(**wanted)


def _given(value: Any) -> str:
    return "" if value is None else str(value)


def _status(name: str, text: str) -> TaskStatus:
    if text not in set(TaskStatus):
        raise Invalid.field(name, f"A task is {', '.join(TaskStatus)}; not “{text[:40]}”.")
    return TaskStatus(text)


def _category(name: str, text: str) -> Category:
    if text not in set(Category):
        raise Invalid.field(name, f"There is no kind of failure called “{text[:40]}”.")
    return Category(text)


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"#?[0-9]{1,18}", text):
        raise Invalid.field(name, f"Name the {name} by its number, like 12.")
    return int(text.lstrip("#"))


def _cost(name: str, text: str) -> Decimal:
    if not re.fullmatch(r"\$?[0-9]{1,9}(\.[0-9]{0,12})?", text):
        raise Invalid.field(name, "Write a cost in US dollars, like 0.05.")
    return Decimal(text.lstrip("$"))


def _since(name: str, text: str) -> datetime:
    return _moment(name, text)[0]


def _until(name: str, text: str) -> datetime:
    """A day counts to its end."""
    moment, is_day = _moment(name, text)
    return moment + timedelta(days=1) if is_day else moment


def _moment(name: str, text: str) -> tuple[datetime, bool]:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign in an address is a space
    except ValueError:
        raise Invalid.field(name, "Write a day like 2026-11-30, or a time like 2026-11-30T08:00.") from None
    if not 1970 <= moment.year <= 9998:  # before and after everything, and not beyond what a time zone leaves room for
        moment = moment.replace(year=1970 if moment.year < 1970 else 9998, month=1, day=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC), bool(re.fullmatch(r"[0-9-]{8,10}", text))


def _text(name: str, text: str) -> str:
    return text


_READERS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "status": ("status", _status),
    "category": ("category", _category),
    "model": ("model_id", _number),
    "template": ("template_id", _number),
    "action": ("action_id", _number),
    "user": ("user_id", _number),
    "post": ("post_id", _number),
    "from": ("since", _since),
    "to": ("until", _until),
    "min_cost": ("min_cost", _cost),
    "max_cost": ("max_cost", _cost),
    "q": ("text", _text),
}
