"""How numbers read on a page: the Jinja filters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask import Flask

from blogforge_llm.engine.budgets import usd
from blogforge_llm.records.tasks import Source

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def money(amount: Decimal | None, source: str = Source.KNOWN) -> str:
    """USD with as many digits as tell something: "$0.0004", "about $1.80", "unknown"."""
    if amount is None:
        return "unknown"
    text = usd(amount)
    return f"about {text}" if source == Source.ESTIMATED else text


def count(number: int, singular: str, plural: str | None = None) -> str:
    """1 word, 2 words, 1,200 words."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """About how long: 8 seconds, 3 minutes, 2 hours."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 1.5 * size:
            return count(round(seconds / size), unit)
    return count(max(1, round(seconds)), "second")


def took(seconds: float) -> str:
    """How long something took: 1.2 s, or 30 ms where tenths of a second would read as nothing."""
    return f"{seconds:.1f} s" if seconds >= 0.095 else f"{seconds * 1000:.0f} ms"


def percent(share: float) -> str:
    """0.62 as 62%."""
    return f"{share:.0%}"


def day(moment: date, *, is_short: bool = True) -> str:
    """3 Nov, or 3 November. strftime would take longer than to draw the rest of a row."""
    month = _MONTHS[moment.month - 1]
    return f"{moment.day} {month[:3] if is_short else month}"


def init(app: Flask) -> None:
    app.jinja_env.filters.update(money=money, count_of=count, duration=duration, took=took, percent=percent, day=day)
