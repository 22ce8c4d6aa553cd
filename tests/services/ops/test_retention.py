"""What the settings no longer keep is cleared, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.jobs import upkeep
from blogforge_llm.records.accounts import User
from blogforge_llm.records.ops import AuditFilter, ErrorSource
from blogforge_llm.services.accounts import settings
from blogforge_llm.services.editorial import posts
from blogforge_llm.services.ops import audit, errors, retention
from blogforge_llm.services.tasks import reruns, tasks
from tests import factories


def make_task(conn: db.Connection, actor: User, *, days: int, status: str = "succeeded") -> int:
    """A task with an attempt that ended so many days ago."""
    candidate = factories.make_candidate(conn)
    row = conn.execute(
        "INSERT INTO tasks (status, messages, inputs, deadline_s, output, input_tokens, cost, cost_source, created_by, "
        'started_at, finished_at, error_category) VALUES (%s, \'[{"role": "user", "content": "Hi"}]\', '
        "'{\"seed\": \"Hi\"}', 120, 'Ho', 7, 0.5, 'known', %s, now(), now() - make_interval(days => %s), 'timeout') "
        "RETURNING id",
        (status, actor.id, days),
    ).fetchone()
    assert row is not None
    conn.execute(
        "INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, status, text, error_text) "
        "VALUES (%s, 1, gen_random_uuid(), %s, %s, 'failed', 'Ho', 'no')",
        (row["id"], candidate.model_id, candidate.provider_id),
    )
    return int(row["id"])


def texts_of(conn: db.Connection, task_id: int) -> tuple[Any, ...]:
    row = conn.execute(
        "SELECT t.messages, t.inputs, t.output, a.text, a.error_text FROM tasks t JOIN attempts a ON a.task_id = t.id "
        "WHERE t.id = %s",
        (task_id,),
    ).fetchone()
    assert row is not None
    return tuple(row.values())


WHOLE = ([{"role": "user", "content": "Hi"}], {"seed": "Hi"}, "Ho", "Ho", "no")
CLEARED = ([], {}, "", "", None)


def test_old_prompts_and_answers_go_and_their_tokens_and_cost_stay(conn: db.Connection, ada: User) -> None:
    old, young = make_task(conn, ada, days=31), make_task(conn, ada, days=29)
    settings.update(conn, actor=ada, key="keep_texts_days", value=30)
    upkeep.prune(0)
    assert (texts_of(conn, old), texts_of(conn, young)) == (CLEARED, WHOLE)
    task = tasks.get(conn, task_id=old)
    assert (task.input_tokens, task.cost) == (7, Decimal("0.5"))


def test_by_default_prompts_and_the_audit_log_are_kept_for_ever(conn: db.Connection, ada: User) -> None:
    old = make_task(conn, ada, days=5000)
    audit.record(conn, actor=ada, action="update", noun="setting", noun_id="x")
    conn.execute("UPDATE audit_log SET at = now() - interval '20 years'")
    upkeep.prune(0)
    assert texts_of(conn, old) == WHOLE
    assert len(audit.list_(conn, actor=ada)) == 1


def test_what_waits_for_somebodys_decision_is_kept(conn: db.Connection, ada: User) -> None:
    post = posts.create(conn, actor=ada, idea="Bread")
    suggestion_id = factories.make_suggestion(conn, post=post, actor=ada)
    conn.execute("UPDATE tasks SET finished_at = now() - interval '1 year'")
    settings.update(conn, actor=ada, key="keep_texts_days", value=1)
    assert retention.prune_some(conn, key="keep_texts_days") == 0
    conn.execute(
        "UPDATE suggestions SET decision = 'discarded', decided_at = now(), decided_by = %s WHERE id = %s",
        (ada.id, suggestion_id),
    )
    assert retention.prune_some(conn, key="keep_texts_days") == 1


def test_more_than_a_batch_is_cleared_in_several(
    conn: db.Connection, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    made = [make_task(conn, ada, days=9) for _ in range(5)]
    settings.update(conn, actor=ada, key="keep_texts_days", value=3)
    assert [retention.prune_some(conn, key="keep_texts_days") for _ in range(4)] == [2, 2, 1, 0]
    assert all(texts_of(conn, task_id) == CLEARED for task_id in made)


def test_a_cleared_task_can_be_neither_retried_nor_run_again(conn: db.Connection, ada: User) -> None:
    task_id = make_task(conn, ada, days=9, status="failed")
    settings.update(conn, actor=ada, key="keep_texts_days", value=3)
    upkeep.prune(0)
    for again in (tasks.retry, reruns.create):
        with pytest.raises(Conflict, match="cleared"):
            again(conn, actor=ada, task_id=task_id)


def test_old_entries_of_the_audit_log_and_old_errors_go(conn: db.Connection, ada: User) -> None:
    audit.record(conn, actor=ada, action="update", noun="old", noun_id="x")
    errors.note(KeyError("old"), source=ErrorSource.WEB)
    conn.execute("UPDATE audit_log SET at = now() - interval '11 days'")
    conn.execute("UPDATE error_groups SET last_at = now() - interval '91 days'")
    errors.note(ValueError("new"), source=ErrorSource.WEB)
    settings.update(conn, actor=ada, key="keep_audit_days", value=10)
    upkeep.prune(0)
    assert audit.list_(conn, actor=ada, chosen=AuditFilter(noun="old")) == []
    assert [entry.noun for entry in audit.list_(conn, actor=ada)] == ["setting"]
    assert [group.kind for group in errors.list_(conn, actor=ada)] == ["ValueError"]


def test_alerts_go_a_year_after_they_were_over(conn: db.Connection, ada: User) -> None:
    for label, opened, resolved in (("old", 800, 366), ("young", 800, 364), ("open", 800, None)):
        conn.execute(
            "INSERT INTO alerts (kind, subject, label, value, detail, opened_at, resolved_at) "
            "VALUES ('latency', %s, %s, 1, '', now() - make_interval(days => %s), now() - make_interval(days => %s))",
            (label, label, opened, resolved),
        )
    upkeep.prune(0)
    left = conn.execute("SELECT label FROM alerts ORDER BY id").fetchall()
    assert [row["label"] for row in left] == ["young", "open"]
