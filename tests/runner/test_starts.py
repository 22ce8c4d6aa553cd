"""What must hold before the first call of a run, and what is written for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from blogforge_llm import db, runner, tracing
from blogforge_llm.engine.types import Candidate
from blogforge_llm.records.tasks import AttemptStatus, Category, TaskStatus
from blogforge_llm.services.registry import candidates
from tests.installation import wait_until
from tests.provider_standin import Standin
from tests.runner.reading import begin, get, rows


def test_a_task_stopped_before_its_call_begins_ends_without_one(ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask(("groq", "ok"))
    with db.transaction() as conn:  # the notification of it may still be on its way
        conn.execute("UPDATE tasks SET cancel_requested_at = now() WHERE id = %s", (task_id,))
    runner.run_queued(task_id)
    assert get(task_id).status is TaskStatus.CANCELLED
    assert not standin.requests and not rows(task_id)


@pytest.fixture
def before_its_start(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Do something when a run has read its task, and not yet started it."""
    list_for = candidates.list_for

    def do(something: Callable[[], None]) -> None:
        def listed(*args: Any, **options: Any) -> list[Candidate]:
            something()
            return list_for(*args, **options)

        monkeypatch.setattr(candidates, "list_for", listed)

    return do


def test_a_task_stopped_before_its_call_is_made_leaves_no_call(
    ask: Callable[..., int], standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = ask(("groq", "ok"))
    written: list[AttemptStatus] = []

    def stop(request_id: str | None) -> None:
        wait_until(lambda: rows(task_id), timeout=10)
        written.extend(attempt.status for attempt in rows(task_id))
        runner.cancel_here(task_id)

    monkeypatch.setattr(tracing, "adopt", stop)  # it is called between the two
    runner.run_queued(task_id)
    assert written == [AttemptStatus.RUNNING]
    assert get(task_id).status is TaskStatus.CANCELLED
    assert not standin.requests and not rows(task_id)


def test_a_run_that_breaks_before_its_call_leaves_no_connection_behind(
    ask: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = ask(("groq", "ok"))

    def fail(request_id: str | None) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tracing, "adopt", fail)
    for _ in range(20):  # more than the pool has
        with pytest.raises(ZeroDivisionError):
            runner.run_queued(task_id)
        change_rows("UPDATE tasks SET status = 'queued', run_id = NULL")
    monkeypatch.undo()
    runner.run_queued(task_id)
    assert get(task_id).status is TaskStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("status = 'running', run_id = gen_random_uuid(), worker_id = (SELECT id FROM workers)", TaskStatus.RUNNING),
        ("status = 'cancelled', cancel_requested_at = now(), finished_at = now()", TaskStatus.CANCELLED),
        ("cancel_requested_at = now()", TaskStatus.CANCELLED),
    ],
)
@pytest.mark.parametrize("kind", ["groq", "cerebras", "openai_compatible", "llm"])
def test_a_run_that_comes_too_late_asks_nobody(
    kind: str,
    change: str,
    status: TaskStatus,
    ask: Callable[..., int],
    standin: Standin,
    before_its_start: Callable[[Callable[[], None]], None],
) -> None:
    task_id = ask((kind, "ok"), ("groq", "ok"))
    before_its_start(lambda: change_rows(f"UPDATE tasks SET {change}"))
    runner.run_queued(task_id)
    assert get(task_id).status is status
    assert not standin.requests and not rows(task_id)


def test_the_row_of_a_call_stands_while_its_provider_is_asked(ask: Callable[..., int], standin: Standin) -> None:
    gate = standin.hold("ok")
    task_id = ask(("groq", "ok"))
    run = begin(task_id, gate)
    assert get(task_id).status is TaskStatus.RUNNING
    assert [attempt.status for attempt in rows(task_id)] == [AttemptStatus.RUNNING]
    gate.release()
    run.join(10)


def test_a_task_whose_first_call_cannot_be_written_waits_for_another_run(
    ask: Callable[..., int], standin: Standin
) -> None:
    task_id = ask(("groq", "ok"))
    change_rows(refuse("position = 1"))
    with pytest.raises(psycopg.Error, match="no room"):
        runner.run_queued(task_id)
    assert get(task_id).status is TaskStatus.QUEUED
    assert not standin.requests and not rows(task_id)
    change_rows("DROP TRIGGER refused ON attempts")
    runner.run_queued(task_id)
    assert get(task_id).status is TaskStatus.SUCCEEDED
    assert len(standin.requests) == len(rows(task_id)) == 1


def test_a_database_that_goes_away_before_the_call_costs_no_call(
    ask: Callable[..., int], standin: Standin, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = ask(("groq", "ok"))

    def hang_up(request_id: str | None) -> None:
        """When the start has been sent, and may have been committed."""
        with psycopg.connect(pool, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    monkeypatch.setattr(tracing, "adopt", hang_up)
    with pytest.raises(psycopg.OperationalError):
        runner.run_queued(task_id)
    monkeypatch.undo()
    db.close_pool()  # its dead connections are trusted for a second
    db.open_pool(pool)
    assert not standin.requests
    wait_until(lambda: get(task_id).status is TaskStatus.QUEUED, timeout=20)  # taken up again where it was committed
    runner.run_queued(task_id)
    assert get(task_id).status is TaskStatus.SUCCEEDED
    assert len(standin.requests) == 1


def test_a_later_call_that_cannot_be_written_is_not_made(ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask(("groq", "status:503"), ("cerebras", "ok"))
    change_rows(refuse("position = 2"))
    runner.run_queued(task_id)
    assert (get(task_id).status, get(task_id).error_category) == (TaskStatus.FAILED, Category.SERVER_ERROR)
    assert [request.model for request in standin.requests] == ["status:503"]
    assert [attempt.category for attempt in rows(task_id)] == [Category.OVERLOADED]


def change_rows(statement: str) -> None:
    with db.transaction() as conn:
        conn.execute(statement)


def refuse(condition: str) -> str:
    """A database that cannot write such attempts."""
    return f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$;
        CREATE TRIGGER refused BEFORE INSERT ON attempts FOR EACH ROW WHEN (NEW.{condition}) EXECUTE FUNCTION refuse()
    """


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
