"""What must be cleared away now and then. A periodic job also keeps the queue's listener awake after an outage."""

from __future__ import annotations

import time

import procrastinate

from blogforge_llm import db, jobqueue
from blogforge_llm.engine import budgets, limits
from blogforge_llm.jobs import noting
from blogforge_llm.services.accounts import idempotency, sessions, throttle
from blogforge_llm.services.ops import deliveries, errors, ledger, metrics, retention, totals
from blogforge_llm.services.registry import circuits
from blogforge_llm.services.tasks import frames, workers

_TOTALS_S = 25.0  # the job comes every minute


def register(app: procrastinate.App) -> None:
    task = app.task(name="upkeep.sweep", queue=jobqueue.UPKEEP, queueing_lock="upkeep.sweep")(noting.errors_of(sweep))
    app.periodic(cron="* * * * *")(task)
    task = app.task(name="upkeep.prune", queue=jobqueue.UPKEEP, queueing_lock="upkeep.prune")(noting.errors_of(prune))
    app.periodic(cron="17 2 * * *")(task)


def sweep(timestamp: int) -> None:
    with db.transaction() as conn:
        frames.forget_finished(conn)
        workers.forget_dead(conn)
        idempotency.forget_old(conn)
        sessions.forget_old(conn)
        throttle.forget_old(conn)
        circuits.forget_gone(conn)
        metrics.forget_dead(conn)
        errors.forget_counts(conn)
        budgets.forget_old(conn)
        deliveries.forget_old(conn)
    with db.transaction() as conn:
        limits.forget_old(conn)
    is_left = True
    while is_left:
        with db.transaction() as conn:
            is_left = ledger.fold(conn) > 0
    with db.transaction() as conn:
        metrics.add_up(conn)  # so that the first look after a week finds little to do
    add_up(until=time.monotonic() + _TOTALS_S)


def add_up(*, until: float) -> None:
    """What is left when the time is over waits for the next minute."""
    for step in (totals.read_ended, totals.add_up):
        has_more = True
        while has_more and time.monotonic() < until:
            with db.transaction() as conn:
                has_more = step(conn)


def prune(timestamp: int) -> None:
    """What the settings no longer keep: batch by batch, each its own short transaction."""
    for key in retention.STEPS:
        is_more = True
        while is_more:
            with db.transaction() as conn:
                is_more = retention.prune_some(conn, key=key) > 0
