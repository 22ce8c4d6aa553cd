"""The life of a task, without anybody being asked."""

from __future__ import annotations

from uuid import uuid4

import pytest

from blogforge_llm import db
from blogforge_llm.engine.types import Message, OutputContract, Parameters
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import Category, Task, TaskStatus
from blogforge_llm.services.tasks import attempts, recovery, reruns, tasks, workers
from tests import factories

HELLO = [Message.of("system", "Be brief."), Message.of("user", "Say hello.")]


def make(conn: db.Connection, actor: User) -> Task:
    return tasks.create(conn, actor=actor, messages=HELLO)


def jobs_of(conn: db.Connection, task: Task) -> int:
    row = conn.execute(
        "SELECT count(*) AS n FROM procrastinate_jobs WHERE args ->> 'task_id' = %s AND status = 'todo'",
        (str(task.id),),
    ).fetchone()
    assert row is not None
    return int(row["n"])


def test_a_task_keeps_exactly_what_will_be_sent(conn: db.Connection, alice: User) -> None:
    parameters = Parameters(temperature=0.3, max_tokens=50, stop=("END",))
    contract = OutputContract(shape="list", min_items=3)
    task = tasks.create(conn, actor=alice, messages=HELLO, parameters=parameters, contract=contract, deadline_s=30)
    request = tasks.request_of(tasks.get(conn, task_id=task.id))
    assert request.messages == tuple(HELLO)
    assert request.parameters == parameters
    assert request.contract == contract
    assert request.deadline_s == 30


def test_the_job_exists_when_the_task_does_and_not_otherwise(conn: db.Connection, alice: User) -> None:
    task = make(conn, alice)
    assert jobs_of(conn, task) == 1
    awaited = tasks.create(conn, actor=alice, messages=HELLO, is_queued=False)
    assert jobs_of(conn, awaited) == 0


def test_viewers_cannot_spend(conn: db.Connection, charlie: User) -> None:
    with pytest.raises(Forbidden, match="editor role"):
        make(conn, charlie)


def test_a_task_needs_something_to_ask(conn: db.Connection, alice: User) -> None:
    with pytest.raises(Invalid, match="nothing to ask"):
        tasks.create(conn, actor=alice, messages=[Message.of("system", "Be brief.")])


def test_only_one_run_gets_a_task(conn: db.Connection, alice: User) -> None:
    task = make(conn, alice)
    assert tasks.start(conn, task_id=task.id, run_id=uuid4(), worker_id=uuid4()) is not None
    assert tasks.start(conn, task_id=task.id, run_id=uuid4(), worker_id=uuid4()) is None


def test_a_run_that_lost_the_task_changes_nothing(conn: db.Connection, alice: User) -> None:
    task, run_id = make(conn, alice), uuid4()
    tasks.start(conn, task_id=task.id, run_id=run_id, worker_id=uuid4())
    recovery.requeue_lost(conn)  # its worker never beat
    ended = tasks.fail(conn, task_id=task.id, run_id=run_id, category=Category.TIMEOUT, message="late")
    assert not ended
    assert tasks.get(conn, task_id=task.id).status is TaskStatus.QUEUED
    assert jobs_of(conn, task) == 2  # the first delivery's, and the reaper's


def test_the_reaper_leaves_a_living_worker_alone(conn: db.Connection, alice: User) -> None:
    task, worker_id = make(conn, alice), uuid4()
    workers.register(conn, worker_id=worker_id, kind="interactive")
    tasks.start(conn, task_id=task.id, run_id=uuid4(), worker_id=worker_id)
    assert recovery.requeue_lost(conn) == []
    assert workers.is_any_alive(conn)


def test_a_dead_worker_is_known_by_its_silence(conn: db.Connection, alice: User) -> None:
    task, worker_id = make(conn, alice), uuid4()
    workers.register(conn, worker_id=worker_id, kind="interactive")
    tasks.start(conn, task_id=task.id, run_id=uuid4(), worker_id=worker_id)
    conn.execute("UPDATE workers SET beat_at = clock_timestamp() - interval '11 seconds' WHERE id = %s", (worker_id,))
    assert recovery.requeue_lost(conn) == [task.id]
    assert not workers.is_any_alive(conn)


def test_a_task_whose_job_was_lost_is_delivered_again(conn: db.Connection, alice: User) -> None:
    task = make(conn, alice)
    conn.execute("DELETE FROM procrastinate_jobs")
    assert recovery.requeue_lost(conn) == []  # it is young: its job may just be on the way
    conn.execute("UPDATE tasks SET created_at = now() - interval '11 seconds' WHERE id = %s", (task.id,))
    assert recovery.requeue_lost(conn) == [task.id]
    assert jobs_of(conn, task) == 1


def test_nobody_waits_for_an_awaited_task_of_a_dead_process(conn: db.Connection, alice: User) -> None:
    task = tasks.create(conn, actor=alice, messages=HELLO, is_queued=False)
    tasks.start(conn, task_id=task.id, run_id=uuid4(), worker_id=uuid4())
    recovery.requeue_lost(conn)
    assert tasks.get(conn, task_id=task.id).status is TaskStatus.CANCELLED


def test_cancelling_a_queued_task_ends_it_at_once(conn: db.Connection, alice: User) -> None:
    task = make(conn, alice)
    assert tasks.cancel(conn, actor=alice, task_id=task.id).status is TaskStatus.CANCELLED
    assert tasks.start(conn, task_id=task.id, run_id=uuid4(), worker_id=uuid4()) is None


def test_cancelling_a_running_task_forbids_its_next_attempt(conn: db.Connection, alice: User) -> None:
    task, run_id = make(conn, alice), uuid4()
    tasks.start(conn, task_id=task.id, run_id=run_id, worker_id=uuid4())
    tasks.cancel(conn, actor=alice, task_id=task.id)
    candidate = factories.make_candidate(conn)
    assert attempts.create(conn, task_id=task.id, run_id=run_id, candidate=candidate, messages=None) is None


def test_what_is_over_cannot_be_stopped(conn: db.Connection, alice: User) -> None:
    task, run_id = make(conn, alice), uuid4()
    tasks.start(conn, task_id=task.id, run_id=run_id, worker_id=uuid4())
    tasks.fail(conn, task_id=task.id, run_id=run_id, category=Category.TIMEOUT, message="No answer.")
    with pytest.raises(Conflict, match="already failed"):
        tasks.cancel(conn, actor=alice, task_id=task.id)


def test_retry_is_for_what_failed_and_keeps_its_attempts(conn: db.Connection, alice: User) -> None:
    task, run_id = make(conn, alice), uuid4()
    tasks.start(conn, task_id=task.id, run_id=run_id, worker_id=uuid4())
    attempts.create(conn, task_id=task.id, run_id=run_id, candidate=factories.make_candidate(conn), messages=None)
    with pytest.raises(Conflict, match="running"):
        tasks.retry(conn, actor=alice, task_id=task.id)
    tasks.fail(conn, task_id=task.id, run_id=run_id, category=Category.TIMEOUT, message="No answer.")
    assert tasks.retry(conn, actor=alice, task_id=task.id).status is TaskStatus.QUEUED
    assert len(attempts.list_(conn, task_id=task.id)) == 1


def test_rerun_is_a_new_task_with_the_same_bytes(conn: db.Connection, alice: User) -> None:
    task = make(conn, alice)
    again = reruns.create(conn, actor=alice, task_id=task.id)
    assert (again.id != task.id, again.rerun_of, again.messages) == (True, task.id, task.messages)


def test_there_is_no_such_task(conn: db.Connection) -> None:
    with pytest.raises(NotFound):
        tasks.get(conn, task_id=2**62)
