"""The ledger: what was spent, by the day (UTC) on which each call began, in sums that always equal the attempts' rows.

Each attempt's end appends to ledger_deltas in its own transaction (a trigger of migration 0011), so that no call waits
for another one's sums; `fold` moves them into ledger_days. The view `ledger` is both together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Invalid, Missing
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.ops import LedgerEntry, LedgerSum, LedgerTotals
from blogforge_llm.records.tasks import Source
from blogforge_llm.services.accounts import permissions

sql = db.load("ops/ledger")

GROUPS = ("model", "provider", "user", "template", "day", "source")
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Span:
    """Days of UTC: from `since` up to, and without, `until`."""

    since: date
    until: date

    @classmethod
    def month(cls, day: date) -> Span:
        first = day.replace(day=1)
        return cls(first, first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1))

    @classmethod
    def read(cls, month: str = "", since: str = "", until: str = "") -> Span:
        """As `of`, for people: raises Invalid also for an end before the beginning."""
        span = cls.of(month, since, until)
        if span.until <= span.since:
            raise Invalid.field("to", "The last day lies before the first. Change one of them.")
        return span

    @classmethod
    def of(cls, month: str = "", since: str = "", until: str = "") -> Span:
        """From texts: days with both ends included, else a month like 2026-11, else the present one. An end before the
        beginning has nothing between. Raises Invalid for what is no day."""
        if since or until:
            first, last = _day(since or until, "from"), _day(until or since, "to")
            return cls(first, date.fromordinal(last.toordinal() + 1))
        return cls.month(_day(f"{month}-01", "month") if month else datetime.now(UTC).date())

    @property
    def last(self) -> date:
        return date.fromordinal(self.until.toordinal() - 1)


def fold(conn: db.Connection) -> int:
    """Sum up some of what ended since the last time; how many rows that were. 0 also while another process folds."""
    return int(sql.fold(conn, most=_AT_ONCE)) if sql.lock_fold(conn) else 0


def spend_between(conn: db.Connection, *, since: date, until: date) -> LedgerTotals:
    """Everything that began on these days of UTC, `until` left out. For pages that show a sum; it checks no right."""
    return LedgerTotals(**sql.get_totals(conn, since=since, until=until))


def list_sums(conn: db.Connection, *, actor: User, group: str, span: Span) -> list[LedgerSum]:
    """One for each thing of the group that was asked or asked; days the latest first, others the dearest first."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    found = {
        "model": sql.sum_by_model, "provider": sql.sum_by_provider, "user": sql.sum_by_user,
        "template": sql.sum_by_template, "day": sql.sum_by_day, "source": sql.sum_by_source,
    }[group]  # fmt: skip
    return [LedgerSum(**row) for row in found(conn, since=span.since, until=span.until)]


def add_up(sums: Sequence[LedgerSum]) -> LedgerTotals:
    """All of them: the same reading's, so that a page's total is the total of what it shows."""
    return LedgerTotals(
        calls=sum(found.calls for found in sums),
        input_tokens=sum(found.input_tokens for found in sums),
        output_tokens=sum(found.output_tokens for found in sums),
        known=sum((found.known for found in sums), Decimal(0)),
        estimated=sum((found.estimated for found in sums), Decimal(0)),
        unpriced=sum(found.unpriced for found in sums),
    )


def list_entries(
    conn: db.Connection,
    *,
    actor: User,
    span: Span,
    group: str | None = None,
    key: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[LedgerEntry]:
    """The attempts that one of the sums is made of (all of the span without a group), the latest first, below
    `before_id`. The key is that of the sum; None for tasks without a user or a template. Raises Invalid."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    if group == "day":
        try:
            day = _day(key or "", "key")
        except Invalid as error:
            raise Missing.field("key", str(error)) from None
        span, group = Span(day, date.fromordinal(day.toordinal() + 1)), None
    before_at = sql.get_start(conn, attempt_id=before_id) if before_id is not None else None
    window = {"since": _midnight(span.since), "before_at": before_at or _midnight(span.until)}
    window |= {"before_id": before_id if before_at else 0, "limit": limit}
    if group is None:
        return [_entry(row) for row in sql.list_entries(conn, **window)]
    found = {
        "model": sql.list_of_model, "provider": sql.list_of_provider, "user": sql.list_of_user,
        "template": sql.list_of_template, "source": sql.list_of_source,
    }[group]  # fmt: skip
    return [_entry(row) for row in found(conn, key=_key(group, key), **window)]


def each_entry(*, actor: User, span: Span, group: str | None, key: str | None) -> Iterator[LedgerEntry]:
    """All of them, for an export: page by page on short connections of its own, since whoever reads may be slow."""
    last: int | None = None
    while True:
        with db.connection() as conn:
            found = list_entries(conn, actor=actor, span=span, group=group, key=key, before_id=last, limit=_AT_ONCE)
        yield from found
        if len(found) < _AT_ONCE:
            return
        last = found[-1].id


def _key(group: str, key: str | None) -> int | str | None:
    """Raises Missing for what no sum of the group has."""
    if group == "source":
        if key not in set(Source):
            raise Missing.field("key", "A source is known, estimated or unknown.")
        return key
    if key is None and group in ("user", "template"):
        return None
    if key is None or not re.fullmatch(r"[0-9]{1,18}", key):
        raise Missing.field("key", f"Name the {group} by its number.")
    return int(key)


def _day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        message = f"“{text[:20]}” is no day. Write it like 2026-11-30, a month like 2026-11."
        raise Invalid.field(name, message) from None
    return min(max(day, date(1970, 1, 1)), date(9998, 1, 1))  # before and after everything


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _entry(row: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(**row | {"cost_source": Source(row["cost_source"])})
