"""Whether this installation can do its work: the answer of /readyz."""

from __future__ import annotations

import psycopg

from blogforge_llm import db, migrations
from blogforge_llm.errors import Unavailable
from blogforge_llm.services.tasks import workers

_PATIENCE_S = 1.5

sql = db.load("ops/readiness")


def checks() -> dict[str, bool]:
    """True where all is well; without a database nothing is. It takes its own connection, for there may be none."""
    try:
        with db.connection(wait_s=_PATIENCE_S) as conn:
            return {
                "database": True,
                "schema": sql.get_schema_number(conn) == migrations.all_migrations()[-1].number,
                "worker": workers.is_any_alive(conn),
            }
    except (Unavailable, psycopg.OperationalError):
        return {"database": False, "schema": False, "worker": False}
