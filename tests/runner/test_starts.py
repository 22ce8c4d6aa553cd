"""What must hold before the first call of a run, and what is written for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blogforge_llm import db, runner, tracing
from blogforge_llm.records.tasks import AttemptStatus, Category, TaskStatus
from tests.provider_standin import Standin
from tests.runner.reading import begin, get, rows


def test_a_task_stopped_before_its_call_begins_ends_without_one(ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask(("groq", "ok"))
    with db.transaction() as conn:  # the notification of it may still be on its way
        conn.execute("UPDATE tasks SET cancel_requested_at = now() WHERE id = %s", (task_id,))
    runner.run_queued(task_id)
    assert get(task_id).status is TaskStatus.CANCELLED
    assert not standin.requests and not rows(task_id)


def test_a_task_stopped_between_its_start_and_its_call_leaves_no_call(
    ask: Callable[..., int], standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = ask(("groq", "ok"))
    written: list[AttemptStatus] = []

    def stop(request_id: str | None) -> None:
        written.extend(attempt.status for attempt in rows(task_id))
        runner.cancel_here(task_id)

    monkeypatch.setattr(tracing, "adopt", stop)  # it is called between the two
    runner.run_queued(task_id)
    assert written == [AttemptStatus.RUNNING]
    assert get(task_id).status is TaskStatus.CANCELLED
    assert not standin.requests and not rows(task_id)


@pytest.mark.parametrize("change", ["UPDATE users SET is_active = false", "UPDATE users SET role = 'viewer'"])
def test_a_task_of_somebody_who_may_no_longer_ask_is_not_asked(
    change: str, ask: Callable[..., int], standin: Standin
) -> None:
    task_id = ask(("groq", "ok"))
    with db.transaction() as conn:
        conn.execute(change)
    runner.run_queued(task_id)
    assert get(task_id).status is TaskStatus.FAILED
    assert standin.requests == []
    assert rows(task_id) == []


def test_a_key_that_cannot_be_read_ends_the_task_without_a_call(ask: Callable[..., int]) -> None:
    task_id = ask(("groq", "ok"))
    with db.transaction() as conn:
        conn.execute("UPDATE provider_keys SET ciphertext = 'of another secret key'")
    runner.run_queued(task_id)
    task = get(task_id)
    assert (task.status, task.error_category) == (TaskStatus.FAILED, Category.INVALID_REQUEST)
    assert rows(task_id) == []


@pytest.mark.parametrize(
    "counted",
    [
        "UPDATE models SET max_in_flight = 1",
        "INSERT INTO budgets (scope, period, amount) VALUES ('instance', 'month', 5)",
    ],
)
def test_a_call_that_is_counted_is_written_once_it_is_let_in(
    counted: str, ask: Callable[..., int], standin: Standin
) -> None:
    task_id = ask(("groq", "ok"))
    with db.transaction() as conn:
        conn.execute(counted)
    runner.run_queued(task_id)
    (attempt,) = rows(task_id)
    assert (attempt.status, attempt.position, len(standin.requests)) == (AttemptStatus.SUCCEEDED, 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET is_active = false",
        "UPDATE providers SET is_enabled = false WHERE kind = 'cerebras'",
        "UPDATE models SET is_enabled = false WHERE name = 'ok'",
    ],
)
def test_rights_are_looked_at_again_before_every_candidate(
    change: str, ask: Callable[..., int], standin: Standin
) -> None:
    gate = standin.hold("cut:2", after_words=1)
    task_id = ask(("groq", "cut:2"), ("cerebras", "ok"))
    run = begin(task_id, gate)
    with db.transaction() as conn:
        conn.execute(change)
    gate.release()
    run.join(10)
    assert get(task_id).status is TaskStatus.FAILED
    assert standin.requests_for("ok") == []
