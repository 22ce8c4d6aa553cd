"""Limits: what is counted, and for how long; with real connections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from blogforge_llm import db
from blogforge_llm.engine import limits
from blogforge_llm.engine.types import Limits, Notice, Outcome
from blogforge_llm.records.tasks import AttemptStatus, Category
from tests.engine.limiting import (
    ANSWERED,
    LLAMA,
    NOT_SENT,
    admitted,
    assert_sums_are_true,
    limited,
    limiter,
    pass_time,
    refused,
)


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not limits._running


# What is counted


def test_a_candidate_without_limits_costs_no_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "connection", lambda: pytest.fail("asked the database"))
    made = limiter()
    assert made.may_ask(LLAMA) is None
    made.report(LLAMA, ANSWERED)


def test_the_request_above_the_limit_is_told_when_it_may_come() -> None:
    asked = limited(requests_per_minute=2)
    for _ in range(2):
        admitted(asked).report(asked, ANSWERED)
    pass_time(20)
    refusal = refused(asked)
    assert refusal.category is Category.RATE_LIMIT and refusal.may_wait
    assert refusal.opens_in_s == pytest.approx(40, abs=1)
    assert "Groq may take 2 requests a minute" in refusal.message and "40 seconds" in refusal.message
    pass_time(40)
    admitted(asked).report(asked, ANSWERED)


def test_a_call_counts_until_a_minute_after_its_provider_surely_counted_it() -> None:
    asked = limited(requests_per_minute=1)
    running = admitted(asked)
    pass_time(10)
    running.report(asked, replace(ANSWERED, heard_s=4.0))  # its first word came six seconds after it was let in
    assert refused(asked).opens_in_s == pytest.approx(56, abs=1)


def test_while_a_call_runs_its_slot_is_held() -> None:
    asked = limited(requests_per_minute=1)
    running = admitted(asked)
    pass_time(14)
    limits.renew_leases()
    pass_time(14)
    assert refused(asked).opens_in_s == pytest.approx(32, abs=1)
    running.report(asked, ANSWERED)
    assert refused(asked).opens_in_s == pytest.approx(60, abs=1)


def test_days_have_limits_too() -> None:
    asked = limited(requests_per_day=1)
    admitted(asked).report(asked, ANSWERED)
    pass_time(3600)
    assert refused(asked).opens_in_s == pytest.approx(23 * 3600, abs=2)
    assert "23 hours" in refused(asked).message


def test_tokens_are_reserved_and_then_corrected() -> None:
    asked = limited(tokens_per_minute=1000)
    running = admitted(asked, 900)
    assert "1,000 tokens a minute" in refused(asked, 200).message
    running.report(asked, ANSWERED)  # it took 30
    admitted(asked, 900).report(asked, ANSWERED)
    assert_sums_are_true()


def test_what_is_not_known_of_a_call_stays_reserved() -> None:
    asked = limited(tokens_per_minute=1000)
    admitted(asked, 900).report(asked, Outcome(AttemptStatus.FAILED, Category.TIMEOUT))
    assert refused(asked, 200).may_wait


def test_a_call_that_never_reached_its_provider_does_not_count() -> None:
    asked = limited(requests_per_minute=1)
    admitted(asked).report(asked, NOT_SENT)
    admitted(asked).report(asked, ANSWERED)
    assert_sums_are_true()


def test_a_request_larger_than_the_limit_is_not_waited_for() -> None:
    refusal = refused(limited(tokens_per_minute=1000), 1001)
    assert not refusal.may_wait and "1,001 tokens" in refusal.message and "max_tokens" in refusal.message


def test_without_a_bound_on_the_answer_what_the_limit_allows_is_reserved() -> None:
    asked = limited(tokens_per_minute=500)
    running = admitted(asked)
    assert refused(asked, 1).may_wait
    running.report(asked, ANSWERED)


def test_at_most_so_many_run_at_the_same_time() -> None:
    asked = limited(max_in_flight=2)
    running = [admitted(asked), admitted(asked)]
    refusal = refused(asked)
    assert (refusal.may_wait, refusal.opens_in_s) == (True, None) and "2 calls at a time" in refusal.message
    running.pop().report(asked, ANSWERED)
    running.append(admitted(asked))
    for each in running:
        each.report(asked, ANSWERED)


def test_models_have_limits_beside_those_of_their_account() -> None:
    asked = limited(of_model=Limits(requests_per_minute=1), requests_per_minute=2)
    gemma = replace(asked, model_id=8, model_name="gemma")
    admitted(asked).report(asked, ANSWERED)
    assert "llama at Groq may take 1" in refused(asked).message
    admitted(gemma).report(gemma, ANSWERED)
    assert "Groq may take 2" in refused(replace(gemma, model_id=9)).message
    assert_sums_are_true()


def test_each_key_has_the_limits_for_itself() -> None:
    asked = limited(requests_per_minute=1)
    other = replace(asked, key_id=4)
    admitted(asked).report(asked, ANSWERED)
    admitted(other).report(other, ANSWERED)
    assert refused(asked) and refused(other)


def test_a_process_that_dies_leaves_what_it_held_after_its_lease() -> None:
    asked = limited(max_in_flight=1, requests_per_minute=5)
    dead = limiter()
    assert dead.may_ask(asked) is None
    limits._running.clear()  # nobody renews it
    assert refused(asked)
    pass_time(limits.LEASE_S + 1)
    alive = admitted(asked)
    assert_sums_are_true()
    dead.report(asked, ANSWERED)  # it was only slow
    alive.report(asked, ANSWERED)
    assert_sums_are_true()


def test_a_long_answer_keeps_its_lease_while_its_process_lives() -> None:
    asked = limited(max_in_flight=1)
    running = admitted(asked)
    for _ in range(3):
        pass_time(limits.LEASE_S - 1)
        limits.renew_leases()
    assert refused(asked)
    running.report(asked, ANSWERED)


def test_upkeep_forgets_what_no_window_reaches() -> None:
    asked = limited(requests_per_minute=5)
    admitted(asked).report(asked, ANSWERED)
    with db.transaction() as conn:
        limits.forget_old(conn)
    assert refused(limited(requests_per_minute=1))
    pass_time(limits.DAY_S + 1)
    with db.transaction() as conn:
        limits.forget_old(conn)
        assert conn.execute("SELECT FROM limits").fetchall() == conn.execute("SELECT FROM limit_uses").fetchall() == []


# What providers say


def told(*notices: Notice) -> Outcome:
    return replace(ANSWERED, notices=notices)


def test_a_provider_that_says_nothing_is_left_is_believed() -> None:
    limiter().report(LLAMA, told(Notice("requests", 100, 0, 30.0, refills=False)))
    refusal = refused(replace(LLAMA, has_notice=True))
    assert refusal.opens_in_s == pytest.approx(30, abs=1) and refusal.may_wait
    assert "llama at Groq says that its requests are used up" in refusal.message
    pass_time(31)
    known = replace(LLAMA, has_notice=True)
    admitted(known).report(known, ANSWERED)


def test_a_bucket_that_refills_has_room_before_it_is_full() -> None:
    limiter().report(LLAMA, told(Notice("tokens", 6000, 0, 60.0, refills=True)))
    assert refused(replace(LLAMA, has_notice=True), 1000).opens_in_s == pytest.approx(10, abs=1)


def test_calls_since_the_notice_are_taken_from_what_it_left() -> None:
    limiter().report(LLAMA, told(Notice("requests", 100, 1, 30.0, refills=False)))
    known = replace(LLAMA, has_notice=True)
    running = admitted(known)
    assert refused(known)
    running.report(known, ANSWERED)


def test_a_provider_with_plenty_left_writes_nothing() -> None:
    limiter().report(LLAMA, told(Notice("requests", 100, 50, 30.0, refills=False)))
    with db.connection() as conn:
        assert conn.execute("SELECT FROM limit_notices").fetchall() == []


# Waiting and going on
