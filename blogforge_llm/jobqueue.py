"""The queue in PostgreSQL (procrastinate). Services defer by task name inside their own transaction; jobs/ delivers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from blogforge_llm.db import Connection

if TYPE_CHECKING:
    import procrastinate

INTERACTIVE = "interactive"  # somebody is waiting
BATCH = "batch"
UPKEEP = "upkeep"


def defer(conn: Connection, name: str, *, queue: str = INTERACTIVE, **arguments: Any) -> None:
    """Queue a job as part of the caller's transaction: it exists when that commits, and never otherwise."""
    _deferrer().configure_task(name, connection=conn, queue=queue).defer(**arguments)


@functools.cache
def _deferrer() -> procrastinate.App:
    """Never opened: it only lends its name and its SQL to the caller's connection. Imported on first use, for not every
    process queues something."""
    import procrastinate

    return procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
