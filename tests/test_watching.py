"""The look-out as a process does it: with no worker at all, the web process notices and tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from blogforge_llm import db
from blogforge_llm.records.alerts import RuleKind
from blogforge_llm.services.ops import alert_rules, lookout, webhooks
from blogforge_llm.services.registry import encryption
from tests import factories
from tests.installation import Installation
from tests.webhook_receiver import Receiver


def test_of_two_processes_one_looks(pool: str) -> None:
    with db.transaction() as one, db.transaction() as other:
        assert lookout.look(one)
        assert not lookout.look(other), "it would have to wait for the other's end, and does not"
    with db.transaction() as conn:
        assert not lookout.look(conn), "this minute was looked at"


@pytest.mark.processes
def test_a_web_process_alone_tells_that_no_worker_is_there(pool: str, tmp_path: Path) -> None:
    encryption.configure("a secret of the tests only")
    with Receiver() as receiver:
        with db.transaction() as conn:
            ada = factories.make_user(conn, name="Ada", role="admin")
            alert_rules.create(conn, actor=ada, kind=RuleKind.WORKER, window_minutes=1)
            webhooks.create(conn, actor=ada, name="Pager", url=receiver.url)
            conn.execute("UPDATE alert_watch SET evaluated_at = now() - interval '1 minute'")
            conn.execute("INSERT INTO worker_sightings VALUES ('interactive', now() - interval '2 minutes')")
        with Installation(tmp_path / "data", verb="web", database_url=pool) as web:
            told = receiver.wait_for("alert.opened")
        assert told["alert"]["subject"] == "worker:interactive"
        assert "blogforge worker" in told["alert"]["detail"]
        assert "Traceback" not in "".join(web.output)
