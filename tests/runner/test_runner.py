"""Tasks asked for real: through the SDKs, over sockets, at the provider stand-in; rows checked against its ledger."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from blogforge_llm import db, runner
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.types import Message, OutputContract
from blogforge_llm.presence import presence
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import AttemptStatus, Category, Source, TaskStatus
from blogforge_llm.services.registry import encryption
from blogforge_llm.services.tasks import attempts, frames, tasks
from tests import factories
from tests.installation import wait_until
from tests.provider_standin import Standin, Text, key_hash
from tests.runner.reading import begin, get, rows

KINDS = ["groq", "cerebras", "openai_compatible", "llm"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_provider_answers_over_the_wire(kind: str, ask: Callable[..., int], standin: Standin) -> None:
    standin.answer("ok", "Yeast makes gas.")
    task_id = ask((kind, "ok"))
    runner.run_queued(task_id)
    task, (attempt,) = get(task_id), rows(task_id)
    assert (task.status, task.output, task.served_by) == (TaskStatus.SUCCEEDED, "Yeast makes gas.", "ok")
    (request,) = standin.requests
    assert request.body["messages"][-1]["content"] == "Why does bread rise?"
    assert (attempt.input_tokens, attempt.output_tokens) == (request.input_tokens, request.output_tokens)
    assert (attempt.usage_source, attempt.cost_source) == (Source.KNOWN, Source.KNOWN)
    assert task.cost == Decimal(request.input_tokens + 2 * request.output_tokens) / 1_000_000


def test_the_offline_echo_model_answers_through_llm(pool: str) -> None:
    with db.transaction() as conn:
        actor = factories.make_user(conn)
        model_id = factories.make_model(conn, name="echo", kind="llm", is_ai=False)
        task = tasks.create(conn, actor=actor, messages=[Message.of("user", "Say this back.")], model_id=model_id)
    runner.run_queued(task.id)
    assert "Say this back." in (get(task.id).output or "")


def test_the_next_model_answers_when_the_first_is_down(ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask(("groq", "status:503"), ("cerebras", "ok"))
    runner.run_queued(task_id)
    task, (first, second) = get(task_id), rows(task_id)
    assert (task.status, task.served_by_provider is not None) == (TaskStatus.SUCCEEDED, True)
    assert (first.status, first.category, first.http_status) == (AttemptStatus.FAILED, Category.OVERLOADED, 503)
    assert second.status is AttemptStatus.SUCCEEDED
    assert len(standin.requests) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_that_is_cut_is_never_an_answer(kind: str, ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask((kind, "clean-end:3"), ("groq", "ok"))
    runner.run_queued(task_id)
    first, second = rows(task_id)
    assert (first.category, second.status) == (Category.STREAM_CUT, AttemptStatus.SUCCEEDED)
    assert get(task_id).output == second.text


def test_a_wrong_key_fails_with_what_to_do_and_without_the_key(ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask(("groq", "status:401;echo-key"))
    runner.run_queued(task_id)
    task, (attempt,) = get(task_id), rows(task_id)
    assert (task.status, task.error_category) == (TaskStatus.FAILED, Category.AUTHENTICATION)
    assert task.error_message
    assert "good" not in (attempt.error_text or "").split()


def test_the_contract_is_kept_before_anybody_sees_the_text(ask: Callable[..., int], standin: Standin) -> None:
    standin.script("ok", [Text("I would rather not."), Text('Here is the list:\n\n```json\n["One", "Two"]\n```')])
    task_id = ask(("groq", "ok"), contract=OutputContract(shape="list", min_items=2))
    runner.run_queued(task_id)
    first, second = rows(task_id)
    assert (first.category, second.status) == (Category.OUTPUT_INVALID, AttemptStatus.SUCCEEDED)
    assert get(task_id).output == "One\nTwo"
    assert len(standin.requests[1].body["messages"]) > len(standin.requests[0].body["messages"])


def test_no_model_to_ask_fails_the_task_and_says_what_is_missing(pool: str) -> None:
    with db.transaction() as conn:
        actor = factories.make_user(conn)
        task = tasks.create(conn, actor=actor, messages=[Message.of("user", "Hello?")])
    runner.run_queued(task.id)
    assert get(task.id).status is TaskStatus.FAILED
    assert "onnect" in (get(task.id).error_message or "")


def test_stop_means_stop_in_mid_stream(ask: Callable[..., int], standin: Standin) -> None:
    gate = standin.hold("ok", after_words=2)
    task_id = ask(("groq", "ok"))
    run = begin(task_id, gate)
    with db.transaction() as conn:
        tasks.cancel(conn, actor=factories.make_user(conn, name="Bob"), task_id=task_id)
    run.join(5)
    assert not run.is_alive()
    task, (attempt,) = get(task_id), rows(task_id)
    assert (task.status, task.output) == (TaskStatus.CANCELLED, None)
    assert attempt.status is AttemptStatus.CANCELLED
    gate.release()


def test_a_task_whose_end_could_not_be_written_is_taken_up_again(ask: Callable[..., int]) -> None:
    lost = ask(("groq", "ok"))
    with db.transaction() as conn:
        actor, messages = factories.make_user(conn, name="Bob"), [Message.of("user", "Why?")]
        held = tasks.create(conn, actor=actor, messages=messages, route_id=get(lost).route_id).id
        presence.running[held] = Cancellation()
        conn.execute(
            "UPDATE tasks SET status = 'running', run_id = gen_random_uuid(), worker_id = %s, started_at = now()",
            (presence.worker_id,),
        )
    try:
        wait_until(lambda: get(lost).status is TaskStatus.QUEUED, timeout=20)
        assert get(held).status is TaskStatus.RUNNING
    finally:
        del presence.running[held]


def test_a_late_answer_of_a_run_that_lost_its_task_is_recorded_but_not_output(
    ask: Callable[..., int], standin: Standin
) -> None:
    gate = standin.hold("ok", after_words=2)
    task_id = ask(("groq", "ok"))
    run = begin(task_id, gate)
    with db.transaction() as conn:
        conn.execute("UPDATE tasks SET run_id = gen_random_uuid() WHERE id = %s", (task_id,))
    gate.release()
    run.join(10)
    task, (attempt,) = get(task_id), rows(task_id)
    assert (task.status, task.output) == (TaskStatus.RUNNING, None)
    assert attempt.status is AttemptStatus.SUCCEEDED


def test_live_text_is_the_answer_byte_for_byte(ask: Callable[..., int], standin: Standin) -> None:
    text = "First line\r\nsecond   line\n\n\ttabbed, ünïcode 🙂 and <b>markup</b>."
    standin.answer("drip:5", text)
    task_id = ask(("groq", "drip:5"))
    runner.run_queued(task_id)
    with db.connection() as conn:
        written = frames.list_after(conn, task_id=task_id)
    assert "".join(frame.text for frame in written) == text
    assert [frame.seq for frame in written] == list(range(1, len(written) + 1))
    assert len(written) > 1


def test_a_switch_of_model_voids_what_readers_saw(ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask(("groq", "cut:4"), ("cerebras", "ok"))
    runner.run_queued(task_id)
    with db.connection() as conn:
        written = frames.list_after(conn, task_id=task_id)
    second = [frame for frame in written if frame.attempt == 2]
    assert second[0].is_reset
    assert "".join(frame.text for frame in second) == get(task_id).output


def test_a_process_told_to_stop_gives_its_task_back(ask: Callable[..., int], standin: Standin) -> None:
    gate = standin.hold("ok", after_words=1)
    task_id = ask(("groq", "ok"))
    run = begin(task_id, gate)
    try:
        runner.stop()
        run.join(5)
    finally:
        runner._is_stopping.clear()
    assert get(task_id).status is TaskStatus.QUEUED
    gate.release()
    runner.run_queued(task_id)
    assert get(task_id).status is TaskStatus.SUCCEEDED
    assert [attempt.status for attempt in rows(task_id)] == [AttemptStatus.CANCELLED, AttemptStatus.SUCCEEDED]


def test_what_a_user_may_see_of_an_attempt(ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask(("groq", "status:500;message=inner details"))
    runner.run_queued(task_id)
    with db.transaction() as conn:
        ada: User = factories.make_user(conn, name="Ada", role="admin")
        alice: User = factories.make_user(conn, name="Alice")
        for_admin = attempts.list_for(conn, actor=ada, task_id=task_id)
        for_editor = attempts.list_for(conn, actor=alice, task_id=task_id)
    assert "inner details" in (for_admin[0].error_text or "")
    assert for_editor[0].error_text is None


def test_a_retry_spends_the_key_of_whoever_asks_again(ask: Callable[..., int], standin: Standin) -> None:
    task_id = ask(("groq", "ok"))
    standin.script("ok", ["status:400", "ok"])
    with db.transaction() as conn:
        owner = get_user(conn, task_id)
        conn.execute(
            "INSERT INTO provider_keys (provider_id, user_id, name, ciphertext, hint, position) "
            "SELECT id, %s, 'Own', %s, 'mine', 0 FROM providers",
            (owner, encryption.encrypt("alices-own-key")),
        )
    runner.run_queued(task_id)
    with db.transaction() as conn:
        tasks.retry(conn, actor=factories.make_user(conn, name="Bob"), task_id=task_id)
    runner.run_queued(task_id)
    first, second = standin.requests
    assert (first.key, second.key) == (key_hash("alices-own-key"), key_hash("good"))


def get_user(conn: db.Connection, task_id: int) -> int:
    return tasks.get(conn, task_id=task_id).created_by or 0
