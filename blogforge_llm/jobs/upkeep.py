"""What must be cleared away now and then. A periodic task also keeps the queue's listener awake (jobqueue)."""

from __future__ import annotations

from procrastinate import Blueprint

from blogforge_llm import db, jobqueue
from blogforge_llm.services.accounts import idempotency
from blogforge_llm.services.tasks import frames, workers

blueprint = Blueprint()


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="sweep", queue=jobqueue.UPKEEP, queueing_lock="upkeep.sweep")
def sweep(timestamp: int) -> None:
    with db.transaction() as conn:
        frames.forget_finished(conn)
        workers.forget_dead(conn)
        idempotency.forget_old(conn)
