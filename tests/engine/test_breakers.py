"""Circuits: what opens them, whom they hold back, who may try again; with real connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blogforge_llm import db
from blogforge_llm.engine import breakers
from blogforge_llm.engine.types import Candidate
from blogforge_llm.records.tasks import Category
from tests.engine.breaking import (
    ECHO,
    GEMMA,
    LLAMA,
    LLAMA_OTHER_KEY,
    OK,
    attempt,
    failed,
    pass_time,
    refused,
    row,
    run,
    states,
)


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not breakers._probing


def test_a_healthy_call_reads_once_and_writes_nothing() -> None:
    breaker = run(LLAMA, GEMMA)
    assert breaker.may_ask(LLAMA) is None
    breaker.report(LLAMA, OK)
    assert states() == {}


@pytest.mark.parametrize(
    ("category", "opened", "at_least_s"),
    [
        (Category.OVERLOADED, "model:7", 4.9),
        (Category.SERVER_ERROR, "model:7", 4.9),
        (Category.TIMEOUT, "model:7", 4.9),
        (Category.CONNECTION, "model:7", 4.9),
        (Category.STREAM_CUT, "model:7", 4.9),
        (Category.AUTHENTICATION, "key:3", 3599),
        (Category.QUOTA_EXHAUSTED, "key:3", 3599),
        (Category.PERMISSION, "model:7@key:3", 3599),
        (Category.MODEL_NOT_FOUND, "model:7", 3599),
        (Category.RATE_LIMIT, "model:7@key:3", 4.9),
        *((category, None, 0) for category in (
            Category.CONTEXT_LENGTH, Category.INVALID_REQUEST, Category.CONTENT_FILTER, Category.OUTPUT_INVALID,
            Category.BUDGET_EXCEEDED, Category.DEADLINE_EXCEEDED, Category.CANCELLED,
        )),
    ],
)  # fmt: skip
def test_each_failure_opens_what_it_speaks_of(category: Category, opened: str | None, at_least_s: float) -> None:
    attempt(failed(category))
    assert states() == ({} if opened is None else {opened: "open"})
    refusal = refused()
    if opened is None:
        assert refusal is None
    else:
        assert refusal is not None and refusal.category is category
        assert refusal.opens_in_s is not None and refusal.opens_in_s > at_least_s


def test_a_dead_key_holds_back_its_models_and_no_other_key() -> None:
    attempt(failed(Category.AUTHENTICATION))
    assert refused(LLAMA) and refused(GEMMA)
    assert refused(LLAMA_OTHER_KEY) is None


def test_a_rate_limit_is_the_keys_and_an_outage_is_the_models() -> None:
    attempt(failed(Category.RATE_LIMIT, 30))
    assert refused(LLAMA) and not refused(LLAMA_OTHER_KEY) and not refused(GEMMA)
    attempt(failed(Category.OVERLOADED), LLAMA_OTHER_KEY)
    assert refused(LLAMA_OTHER_KEY)


def test_without_a_key_the_account_is_the_provider() -> None:
    attempt(failed(Category.AUTHENTICATION), ECHO)
    attempt(failed(Category.RATE_LIMIT), Candidate(10, "other", 6, "Local", "openai_compatible"))
    assert states() == {"provider:5": "open", "model:10": "open"}


def test_a_rate_limit_cools_for_exactly_what_was_asked_and_then_all_may_ask() -> None:
    attempt(failed(Category.RATE_LIMIT, 30))
    pass_time(29)
    assert refused()
    pass_time(1)
    first, second = run(), run()
    assert first.may_ask(LLAMA) is None and second.may_ask(LLAMA) is None
    assert states() == {"model:7@key:3": "closed"}


def test_cool_downs_double_up_to_fifteen_seconds_and_start_anew_after_a_success() -> None:
    waits = []
    for _ in range(4):
        assert attempt(failed(Category.OVERLOADED)) is None
        waits.append(row()["cooldown_s"])
        pass_time(waits[-1] - 0.2)
        assert refused()
        pass_time(0.3)
    assert waits == [5, 10, 15, 15]
    assert row()["failures"] == 4
    assert attempt(OK) is None
    assert states() == {"model:7": "closed"}
    attempt(failed(Category.OVERLOADED))
    assert row()["cooldown_s"] == 5


def test_failures_of_calls_that_began_before_say_nothing_new() -> None:
    stragglers = [run() for _ in range(3)]
    for straggler in stragglers:
        assert straggler.may_ask(LLAMA) is None
    attempt(failed(Category.OVERLOADED))
    pass_time(3)
    stragglers[0].report(LLAMA, failed(Category.OVERLOADED))
    stragglers[1].report(LLAMA, OK)
    assert (row()["state"], row()["failures"]) == ("open", 1)
    pass_time(2.1)
    assert attempt(OK) is None
    stragglers[2].report(LLAMA, failed(Category.OVERLOADED))
    assert states() == {"model:7": "closed"}


def test_what_lasts_longer_outlasts_an_outage() -> None:
    straggler = run()
    straggler.may_ask(LLAMA)
    attempt(failed(Category.OVERLOADED))
    straggler.report(LLAMA, failed(Category.MODEL_NOT_FOUND))
    refusal = refused()
    assert refusal is not None and refusal.category is Category.MODEL_NOT_FOUND


def test_an_outage_that_asks_for_patience_gets_no_more_than_the_cap() -> None:
    attempt(failed(Category.OVERLOADED, 600))
    refusal = refused()
    assert refusal is not None and refusal.opens_in_s is not None and 14 < refusal.opens_in_s <= 15


def test_one_call_at_a_time_tries_and_its_success_lets_all_in() -> None:
    attempt(failed(Category.OVERLOADED))
    pass_time(6)
    prober, other = run(), run()
    assert prober.may_ask(LLAMA) is None
    refusal = other.may_ask(LLAMA)
    assert refusal is not None and "trying right now" in refusal.message
    prober.report(LLAMA, OK)
    assert run().may_ask(LLAMA) is None


def test_a_probe_that_proves_nothing_gives_its_turn_to_the_next() -> None:
    attempt(failed(Category.OVERLOADED))
    pass_time(6)
    for category in (Category.CANCELLED, Category.RATE_LIMIT, Category.DEADLINE_EXCEEDED):
        prober = run()
        assert prober.may_ask(LLAMA) is None
        prober.report(LLAMA, failed(category))
        assert row()["state"] == "open"
        with db.connection() as conn:
            conn.execute("DELETE FROM circuits WHERE name <> 'model:7'")
    assert attempt(OK) is None


def test_a_refused_request_proves_that_the_model_is_there() -> None:
    attempt(failed(Category.OVERLOADED))
    pass_time(6)
    attempt(failed(Category.CONTEXT_LENGTH))
    assert states() == {"model:7": "closed"}


def test_the_lease_of_a_prober_that_died_runs_out_and_that_of_a_living_one_is_renewed() -> None:
    attempt(failed(Category.OVERLOADED))
    pass_time(6)
    prober, heir = run(), run()
    assert prober.may_ask(LLAMA) is None
    for _ in range(3):
        pass_time(8)
        with db.transaction() as conn:
            breakers.renew_leases(conn)
    assert refused()
    breakers._probing.clear()  # its process dies
    pass_time(9.5)
    assert refused()
    pass_time(0.6)
    assert heir.may_ask(LLAMA) is None
    prober.report(LLAMA, failed(Category.OVERLOADED))  # it was only slow: the heir's word counts
    assert row()["state"] == "half_open"
    breakers._probing.add(heir._holder)
    heir.report(LLAMA, OK)
    assert states() == {"model:7": "closed"}


def test_two_due_circuits_are_leased_together_or_not_at_all() -> None:
    attempt(failed(Category.AUTHENTICATION))
    attempt(failed(Category.OVERLOADED), LLAMA_OTHER_KEY)
    pass_time(3601)
    on_gemma = run(GEMMA)
    assert on_gemma.may_ask(GEMMA) is None  # holds key:3
    assert refused(LLAMA)
    assert row("model:7")["state"] == "open"
    on_gemma.report(GEMMA, OK)
    assert attempt(OK, LLAMA) is None
    assert set(states().values()) == {"closed"}


def test_a_test_by_hand_asks_anyway_and_its_success_is_believed() -> None:
    attempt(failed(Category.AUTHENTICATION))
    assert attempt(failed(Category.AUTHENTICATION), is_test=True) is None
    assert refused()
    assert attempt(OK, is_test=True) is None
    assert states() == {"key:3": "closed"}


def test_what_a_person_opened_no_success_and_no_time_closes() -> None:
    with db.connection() as conn:
        conn.execute("INSERT INTO circuits (name, state, is_by_hand, note) VALUES ('provider:2', 'open', true, 'bill')")
    pass_time(10**6)
    refusal = refused()
    assert refusal is not None and "An admin has stopped the calls to llama at Groq (bill)" in refusal.message
    assert attempt(OK, is_test=True) is None
    assert attempt(failed(Category.OVERLOADED), is_test=True) is None
    assert refused()


def test_a_database_that_is_away_holds_nobody_back_and_loses_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    db.close_pool()
    assert attempt(failed(Category.OVERLOADED)) is None
    assert attempt(OK) is None


# With the fallback.
