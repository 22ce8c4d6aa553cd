"""The queue in PostgreSQL (procrastinate). Services defer by task name inside their own transaction; jobs/ delivers."""

from __future__ import annotations

from typing import Any

import procrastinate
from procrastinate import SyncPsycopgConnector

from blogforge_llm.db import Connection

INTERACTIVE = "interactive"  # somebody is waiting
BATCH = "batch"
UPKEEP = "upkeep"

# Never opened: it only lends its name and its SQL to the caller's connection.
_deferrer = procrastinate.App(connector=SyncPsycopgConnector())


def defer(conn: Connection, name: str, *, queue: str = INTERACTIVE, **arguments: Any) -> None:
    """Queue a job as part of the caller's transaction: it exists when that commits, and never otherwise."""
    _deferrer.configure_task(name, connection=conn, queue=queue).defer(**arguments)
