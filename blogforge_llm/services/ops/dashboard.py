"""The first page of the LLM area once there is something to tell: what runs, what was spent, how quick, what failed.

Everything that ended is read from totals.py, as of its last step; what runs is counted now.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.ops import Dashboard, DayFigures, Latency, TemplateFigures
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import totals

sql = db.load("ops/dashboard")

PERIODS = (1, 7, 30)  # days, today included
TEMPLATES = 5
_SLOWEST_FROM = 5  # answers

Histogram = Mapping[int, int]  # tasks by bucket


def get(conn: db.Connection, *, actor: User, days: int = 7, now: datetime | None = None) -> Dashboard:
    """Of the last `days` days of UTC, today included; a number that is not offered becomes 7."""
    permissions.require(actor, Permission.READ)
    now = now or datetime.now(UTC)
    days = days if days in PERIODS else 7
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since, month = today - timedelta(days=days - 1), today.replace(day=1)
    first = today - timedelta(days=29)
    hour = now.replace(minute=0, second=0, microsecond=0)
    latencies, per_day, per_hour, (spent,), amounts, (sums,), failures, foremost = db.fetch_together(
        conn,
        sql.list_latencies_cursor(conn, since=first),
        sql.list_days_cursor(conn, since=first, until=today),
        sql.list_hours_cursor(conn, since=hour - timedelta(hours=23), until=hour),
        sql.get_spent_cursor(conn, day=today.date(), month=month.date()),
        sql.list_budgets_cursor(conn),
        sql.sum_hours_cursor(conn, since=since),
        sql.list_failures_cursor(conn, since=since),
        sql.list_foremost_cursor(conn, since=since, least=_SLOWEST_FROM, limit=TEMPLATES),
    )
    by_day = _by_key(latencies, "day")
    templates = _templates(conn, foremost, since)
    dearest = sum(row["is_dearest"] for row in foremost)  # they come first
    return Dashboard(
        days=days,
        since=since,
        today=today,
        month=month,
        by_day=[
            DayFigures(row["day"], row["tasks"], row["failed"], row["cost"], quantile(by_day.get(row["day"], {}), 0.95))
            for row in per_day
        ],
        by_hour=[row["tasks"] for row in per_hour],
        spent_today=spent["today"],
        spent_this_month=spent["this_month"],
        budgets={row["period"]: row["amount"] for row in amounts},
        **sums,
        latency=_latency(_together(histogram for day, histogram in by_day.items() if day >= since)),
        failures=[(row["category"], row["tasks"]) for row in failures],
        dearest=templates[:dearest],
        slowest=templates[dearest:],
    )


def quantile(histogram: Histogram, share: float) -> float | None:
    """Seconds that this share of the tasks took at most, put within its bucket; None without any. Off by less than the
    bucket is wide: 26 %."""
    buckets = sorted(histogram)
    sums = list(itertools.accumulate(histogram[bucket] for bucket in buckets))
    if not sums:
        return None
    at = bisect_left(sums, share * sums[-1])
    bucket, before = buckets[at], sums[at - 1] if at else 0
    low = totals.BOUNDS[bucket - 1] if bucket else 0.0
    high = totals.BOUNDS[bucket] if bucket < len(totals.BOUNDS) else totals.BOUNDS[-1]
    return low + (high - low) * (share * sums[-1] - before) / histogram[bucket]


def _latency(histogram: Histogram) -> Latency | None:
    middle, high = quantile(histogram, 0.5), quantile(histogram, 0.95)
    return None if middle is None or high is None else Latency(middle, high, sum(histogram.values()))


def _templates(conn: db.Connection, rows: list[dict[str, Any]], since: datetime) -> list[TemplateFigures]:
    # 0 is all tasks together there, and tasks without a template here: of those no distribution is kept.
    ids = sorted({row["template_id"] for row in rows if row["template_id"]})
    histograms = _by_key(sql.list_latencies_of(conn, template_ids=ids, since=since), "template_id")
    return [
        TemplateFigures(
            row["template_id"], row["name"], row["tasks"], row["cost"], row["mean_s"],
            _latency(histograms.get(row["template_id"], {})),
        )
        for row in rows
    ]  # fmt: skip


def _by_key(rows: Iterable[dict[str, Any]], key: str) -> dict[Any, Histogram]:
    return {row[key]: dict(zip(row["buckets"], row["tasks"], strict=True)) for row in rows}


def _together(histograms: Iterable[Histogram]) -> dict[int, int]:
    found: dict[int, int] = {}
    for histogram in histograms:
        for bucket, tasks in histogram.items():
            found[bucket] = found.get(bucket, 0) + tasks
    return found


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def failure_shares(days: Sequence[DayFigures]) -> list[float]:
    return [share(day.failed, day.tasks) for day in days]
