"""How long things are kept, as the settings say. Rows with tokens, cost and times stay: only texts are cleared.

Live text (task_frames) is gone as soon as its task ended; what people wrote into posts is never touched.
"""

from __future__ import annotations

from collections.abc import Callable

from blogforge_llm import db
from blogforge_llm.services.accounts import settings
from blogforge_llm.services.ops import alerts, audit, errors

BATCH = 500

sql = db.load("ops/retention")


def clear_texts(conn: db.Connection, *, days: int, limit: int) -> int:
    """Prompts, inputs and answers of tasks that ended so many days ago; how many tasks."""
    count: int = sql.clear_texts(conn, days=days, limit=limit)
    return count


STEPS: dict[str, Callable[..., int]] = {
    "keep_texts_days": clear_texts,
    "keep_audit_days": audit.forget_old,
    "keep_errors_days": errors.forget_old,
    "keep_alerts_days": alerts.forget_old,
}


def prune_some(conn: db.Connection, *, key: str) -> int:
    """One batch of what the setting `key` says; 0 when nothing is left, or it keeps everything."""
    days: int = settings.value(conn, key=key)
    return STEPS[key](conn, days=days, limit=BATCH) if days else 0
