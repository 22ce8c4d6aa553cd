"""What must be cleared away now and then. A periodic job also keeps the queue's listener awake after an outage."""

from __future__ import annotations

import procrastinate

from blogforge_llm import db, jobqueue
from blogforge_llm.engine import limits
from blogforge_llm.jobs import noting
from blogforge_llm.services.accounts import idempotency, sessions, throttle
from blogforge_llm.services.ops import metrics
from blogforge_llm.services.registry import circuits
from blogforge_llm.services.tasks import frames, workers


def register(app: procrastinate.App) -> None:
    task = app.task(name="upkeep.sweep", queue=jobqueue.UPKEEP, queueing_lock="upkeep.sweep")(noting.errors_of(sweep))
    app.periodic(cron="* * * * *")(task)


def sweep(timestamp: int) -> None:
    with db.transaction() as conn:
        frames.forget_finished(conn)
        workers.forget_dead(conn)
        idempotency.forget_old(conn)
        sessions.forget_old(conn)
        throttle.forget_old(conn)
        circuits.forget_gone(conn)
        metrics.forget_dead(conn)
    with db.transaction() as conn:
        limits.forget_old(conn)
    with db.transaction() as conn:
        metrics.add_up(conn)  # so that the first look after a week finds little to do
