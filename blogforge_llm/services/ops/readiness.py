"""Whether this installation can do its work: the answer of /readyz."""

from __future__ import annotations

from blogforge_llm import db, migrations
from blogforge_llm.services.tasks import workers

sql = db.load("ops/readiness")


def checks(conn: db.Connection) -> dict[str, bool]:
    """True where all is well. A database that does not answer raises before this can."""
    return {
        "database": True,
        "schema": sql.get_schema_number(conn) == migrations.all_migrations()[-1].number,
        "worker": workers.is_any_alive(conn),
    }
