"""Limits: what is counted, for how long, who waits and who goes on; with real connections, and against a model."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.engine import limits
from blogforge_llm.engine.admission import Chain, Refusal
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import NO_TOKENS, Candidate, Limits, Notice, Outcome, Parameters, Request, Usage
from blogforge_llm.records.tasks import AttemptStatus, Category, Source
from tests.engine.asking import SOON_S, InThread, ask, candidate, request
from tests.provider_standin import Standin

LLAMA = Candidate(7, "llama", 2, "Groq", "groq", key_id=3)
ANSWERED = Outcome(AttemptStatus.SUCCEEDED, usage=Usage(10, 20, Source.KNOWN))
NOT_SENT = Outcome(AttemptStatus.FAILED, Category.CONNECTION, usage=NO_TOKENS)


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not limits._running


def limited(model: Candidate = LLAMA, *, of_model: Limits | None = None, **most: int) -> Candidate:
    return replace(model, account_limits=Limits(**most), model_limits=of_model or Limits())


def limiter(tokens: int | None = None, **windows: float) -> Limiter:
    return Limiter(Request((), Parameters(max_tokens=tokens)), **windows)


def admit(asked: Candidate, tokens: int | None = None, **windows: float) -> Limiter | Refusal:
    made = limiter(tokens, **windows)
    return made.may_ask(asked) or made


def admitted(asked: Candidate, tokens: int | None = None) -> Limiter:
    made = admit(asked, tokens)
    assert isinstance(made, Limiter), made
    return made


def refused(asked: Candidate, tokens: int | None = None) -> Refusal:
    made = admit(asked, tokens)
    assert isinstance(made, Refusal)
    return made


def pass_time(seconds: float) -> None:
    """The clock is the database's, so time passes by moving the rows into the past."""
    with db.connection() as conn:
        for statement in (
            "UPDATE limits SET minute_from = minute_from - s, day_from = day_from - s",
            "UPDATE limit_uses SET admitted_at = admitted_at - s, at = at - s, leased_until = leased_until - s",
            "UPDATE limit_notices SET said_at = said_at - s, resets_at = resets_at - s",
        ):
            conn.execute(statement + " FROM (SELECT %s * interval '1 second' AS s) AS shift", (seconds,))


def assert_sums_are_true() -> None:
    with db.connection() as conn:
        rows = conn.execute(
            "SELECT l.name, minute_requests, minute_tokens, day_requests, day_tokens,"
            " count(u) FILTER (WHERE at > minute_from) AS requests,"
            " coalesce(sum(tokens) FILTER (WHERE at > minute_from), 0) AS tokens,"
            " count(u) FILTER (WHERE at > day_from) AS per_day,"
            " coalesce(sum(tokens) FILTER (WHERE at > day_from), 0) AS tokens_per_day"
            " FROM limits l LEFT JOIN limit_uses u ON u.name = l.name GROUP BY l.name"
        ).fetchall()
    for row in rows:
        assert (row["minute_requests"], row["minute_tokens"]) == (row["requests"], row["tokens"]), row
        assert (row["day_requests"], row["day_tokens"]) == (row["per_day"], row["tokens_per_day"]), row


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


def reached(standin: Standin, name: str = "ok", kind: str = "groq", **most: int) -> Candidate:
    return replace(candidate(standin, name, kind), account_limits=Limits(**most))


def bounded(deadline_s: float = 10.0) -> Request:
    return request(deadline_s=deadline_s)


def test_a_request_waits_where_that_fits_its_deadline(standin: Standin) -> None:
    asked = reached(standin, requests_per_minute=1)
    ask([asked], bounded(), admission=Limiter(bounded(), minute_s=1.0))
    answered = ask([asked], bounded(), admission=Limiter(bounded(), minute_s=1.0))
    assert answered.completion.served_by == asked
    assert 0.7 < answered.took_s < SOON_S
    assert standin.ledger.most_within(1.0) == 1


def test_it_fails_at_once_where_waiting_would_not_fit_and_says_when(standin: Standin) -> None:
    asked = reached(standin, requests_per_minute=1)
    ask([asked], bounded(), admission=Limiter(bounded()))
    answered = ask([asked], bounded(5.0), admission=Limiter(bounded()))
    assert answered.error is not None and answered.error.category is Category.RATE_LIMIT
    assert "may take 1 requests a minute" in str(answered.error) and "60 seconds" in str(answered.error)
    assert answered.took_s < SOON_S and answered.error.attempts == 0
    assert standin.totals().requests == 1


def test_the_next_candidate_is_asked_instead_of_waiting(standin: Standin) -> None:
    route = [reached(standin, requests_per_minute=1), reached(standin, "ok", "cerebras")]
    ask(route, bounded(), admission=Limiter(bounded()))
    answered = ask(route, bounded(), admission=Limiter(bounded()))
    assert answered.completion.served_by.kind == "cerebras"
    assert answered.took_s < SOON_S


def test_of_several_that_are_full_the_one_that_is_free_first_answers(standin: Standin) -> None:
    slow, soon = reached(standin, requests_per_minute=1), reached(standin, "ok", "cerebras", max_in_flight=1)
    ask([slow], bounded(), admission=Limiter(bounded()))
    holder = limiter()
    assert holder.may_ask(soon) is None
    timer = threading.Timer(0.3, holder.report, (soon, ANSWERED))
    timer.start()
    answered = ask([slow, soon], bounded(), admission=Limiter(bounded()))
    timer.join()
    assert answered.completion.served_by == soon
    assert 0.2 < answered.took_s < SOON_S


def test_a_wait_ends_at_once_when_it_is_cancelled(standin: Standin) -> None:
    asked = reached(standin, requests_per_minute=1)
    ask([asked], bounded(), admission=Limiter(bounded(), minute_s=8.0))
    cancellation = Cancellation()
    threading.Timer(0.2, cancellation.cancel).start()
    answered = ask([asked], bounded(20.0), admission=Limiter(bounded(), minute_s=8.0), cancellation=cancellation)
    assert answered.error is not None and answered.error.category is Category.CANCELLED
    assert answered.took_s < SOON_S


def test_no_transaction_is_open_during_a_wait(standin: Standin) -> None:
    asked = reached(standin, requests_per_minute=1)
    ask([asked], bounded(), admission=Limiter(bounded(), minute_s=1.0))
    thread = threading.Thread(target=lambda: ask([asked], bounded(), admission=Limiter(bounded(), minute_s=1.0)))
    thread.start()
    time.sleep(0.4)
    with db.connection() as conn:
        open_ones = conn.execute(
            "SELECT state, query FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND (state <> 'idle' AND backend_type = 'client backend')"
            " AND xact_start < clock_timestamp() - interval '0.2 seconds'"  # a heartbeat's last no longer
        ).fetchall()
    thread.join()
    assert open_ones == []


def test_headers_cool_a_model_before_it_has_to_refuse(standin: Standin) -> None:
    asked = candidate(standin, "limited:2;window=3;tell", "cerebras")
    for _ in range(2):
        ask([asked], admission=Limiter(request()))
    warned = replace(asked, has_notice=True)
    answered = ask([warned], admission=Limiter(request()))
    assert answered.completion.served_by == warned
    assert [row.status for row in standin.requests] == [200, 200, 200]
    assert answered.took_s > 2


def test_a_stopped_stream_gives_its_place_back(standin: Standin) -> None:
    gate = standin.hold("ok", after_words=1)
    asked = reached(standin, max_in_flight=1)
    running = InThread([asked], bounded(), admission=Limiter(bounded()))
    gate.wait_held(1)
    assert refused(asked)
    running.cancellation.cancel()
    running.result()
    admitted(asked).report(asked, ANSWERED)
    gate.release()


def test_a_chain_gives_back_what_an_earlier_one_gave() -> None:
    asked = limited(max_in_flight=1)

    class Nobody:
        def may_ask(self, candidate: Candidate) -> Refusal | None:
            return Refusal(Category.BUDGET_EXCEEDED, "No.")

        def report(self, candidate: Candidate, outcome: Outcome) -> None:
            raise AssertionError("it admitted nobody")

    assert Chain(limiter(), Nobody()).may_ask(asked) == Refusal(Category.BUDGET_EXCEEDED, "No.")
    admitted(asked).report(asked, ANSWERED)


# Several processes, and chance

PROCESS = """
import sys, threading, time
from dataclasses import replace
from blogforge_llm import db
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import Candidate, Limits
from tests.engine.asking import ask, request
database, base_url, window = sys.argv[1], sys.argv[2], float(sys.argv[3])
db.open_pool(database)
asked = Candidate(1, f"limited:5;window={window}", 1, "Groq", "groq", base_url=base_url, key_id=1, api_key="good",
                  account_limits=Limits(requests_per_minute=5, max_in_flight=4))
def work():
    for _ in range(3):
        answered = ask([asked], request(deadline_s=60.0), admission=Limiter(request(), minute_s=window))
        assert answered.error is None, answered.error
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
db.close_pool()
"""


def test_two_processes_never_see_a_429(standin: Standin, pool: str) -> None:
    command = [sys.executable, "-c", PROCESS, pool, standin.groq_url, "1.0"]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert [row.status for row in standin.requests] == [200] * 24
    assert standin.ledger.most_within(1.0) == 5
    assert standin.ledger.most_in_flight() <= 4
    assert_sums_are_true()


@dataclass
class Use:
    began: float
    tokens: int
    leased_until: float
    at: float = float("inf")


@dataclass
class Model:
    """What must be admitted, said as simply as possible: a list of uses, looked through every time."""

    most: Limits
    now: float = 0.0
    uses: dict[int, Use] = field(default_factory=dict)

    def expire(self) -> None:
        for use in self.uses.values():
            if use.at == float("inf") and use.leased_until < self.now:
                use.at = use.leased_until

    def admits(self, tokens: int) -> bool:
        self.expire()
        for window, requests, most_tokens in (
            (60.0, self.most.requests_per_minute, self.most.tokens_per_minute),
            (86_400.0, self.most.requests_per_day, self.most.tokens_per_day),
        ):
            inside = [use for use in self.uses.values() if use.at > self.now - window]
            if requests is not None and len(inside) + 1 > requests:
                return False
            if most_tokens is not None and sum(use.tokens for use in inside) + tokens > most_tokens:
                return False
        running = sum(use.at == float("inf") for use in self.uses.values())
        return self.most.max_in_flight is None or running < self.most.max_in_flight

    def ask(self, number: int, tokens: int) -> bool:
        expected = self.admits(tokens)
        if expected:
            self.uses[number] = Use(self.now, tokens, self.now + limits.LEASE_S)
        return expected

    def end(self, number: int, used: int, heard_s: float, never_sent: bool) -> None:
        if never_sent:
            self.uses.pop(number, None)
        elif number in self.uses:
            use = self.uses[number]
            use.tokens, use.at = used, max(use.began, self.now - (0.0 if self.most.counts_tokens else heard_s))

    def forget(self) -> None:
        self.expire()
        self.uses = {number: use for number, use in self.uses.items() if use.at > self.now - 86_400.0}

    def renew(self, numbers: Iterable[int]) -> None:
        for use in (self.uses[number] for number in numbers if number in self.uses):
            if use.at == float("inf"):
                use.leased_until = self.now + limits.LEASE_S


maybe = lambda low, high: st.none() | st.integers(low, high)  # noqa: E731
MOST = st.builds(Limits, st.integers(1, 4), maybe(100, 400), maybe(2, 9), maybe(200, 900), maybe(1, 3))
# Whole steps with a remainder that no window has, so that the milliseconds of the test itself decide nothing.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(1, 100)),
        st.tuples(st.just("end"), st.integers(0, 150), st.sampled_from([0.0, 2.5]), st.booleans()),
        st.tuples(st.just("pass"), st.sampled_from([3.0, 9.0, 31.0, 55.0, 40_000.0])),
        st.tuples(st.just("renew")),
        st.tuples(st.just("sweep")),
    ),
    min_size=10,
    max_size=60,
)


def clear() -> None:
    limits._running.clear()
    with db.connection() as conn:
        conn.execute("TRUNCATE limits, limit_uses, limit_notices, limit_places")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(most=MOST, steps=STEPS)
def test_it_admits_exactly_what_the_model_admits(most: Limits, steps: list[tuple[Any, ...]]) -> None:
    clear()
    model, asked = Model(most), replace(LLAMA, account_limits=most)
    running: dict[int, Limiter] = {}
    for number, step in enumerate(steps):
        model.now += 0.001  # no two things happen at once
        match step:
            case ("ask", tokens):
                made = limiter(tokens)
                expected = model.ask(number, tokens)
                assert (made.may_ask(asked) is None) is expected, (number, step)
                if expected:
                    running[number] = made
            case ("end", used, heard_s, never_sent) if running:
                ended = min(running)
                model.end(ended, used, heard_s, never_sent)
                outcome = replace(ANSWERED, usage=Usage(0, used, Source.ESTIMATED), heard_s=heard_s)
                running.pop(ended).report(asked, NOT_SENT if never_sent else outcome)
            case ("pass", seconds):
                pass_time(seconds)
                model.now += seconds
            case ("renew",):
                limits.renew_leases()
                model.renew(running)
            case ("sweep",):
                with db.transaction() as conn:
                    limits.forget_old(conn)
                model.forget()
        assert_sums_are_true()
    for made in running.values():
        made.report(asked, ANSWERED)


# A race that was lost once need not be lost again: there is nothing to make smaller.
NO_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]
WORKERS = st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(1, 100)), max_size=8),
                   min_size=2, max_size=5)  # fmt: skip


@settings(
    max_examples=25, deadline=None, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    most=st.builds(Limits, maybe(1, 5), maybe(100, 300), maybe(4, 12), maybe(300, 900), maybe(1, 3)),
    of_model=st.builds(Limits, maybe(1, 4), st.none(), st.none(), st.none(), maybe(1, 2)),
    workers=WORKERS, seed=st.integers(0, 1000),
)  # fmt: skip
def test_no_concurrent_schedule_exceeds_a_limit(
    most: Limits, of_model: Limits, workers: list[list[tuple[int, int, int]]], seed: int
) -> None:
    clear()
    minute_s, day_s = 0.15, 0.6
    seen: list[tuple[float, float, int, int]] = []  # arrived, left, tokens, model
    lock, wrong = threading.Lock(), []

    def work(steps: list[tuple[int, int, int]], chance: random.Random) -> None:
        try:
            for pause_ms, hold_ms, tokens in steps:
                time.sleep(pause_ms / 1000)
                asked = replace(LLAMA, model_id=chance.choice([7, 8]), account_limits=most, model_limits=of_model)
                made = limiter(tokens, minute_s=minute_s, day_s=day_s)
                if made.may_ask(asked) is not None:
                    continue
                time.sleep(chance.random() * 0.01)
                arrived, used = time.monotonic(), chance.randint(0, tokens)
                time.sleep(hold_ms / 1000)
                left = time.monotonic()
                heard_s = (left - arrived) * chance.random()  # the first word came after the request did
                made.report(asked, replace(ANSWERED, usage=Usage(0, used, Source.ESTIMATED), heard_s=heard_s))
                with lock:
                    seen.append((arrived, left, used, asked.model_id))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(w, random.Random(seed + i))) for i, w in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not wrong and not any(thread.is_alive() for thread in threads), wrong
    for allowed, calls in [
        (most, seen),
        *((of_model, [call for call in seen if call[3] == model_id]) for model_id in (7, 8)),
    ]:
        assert_within(allowed, sorted(calls), minute_s, day_s)
    assert_sums_are_true()


def assert_within(most: Limits, calls: list[tuple[float, float, int, int]], minute_s: float, day_s: float) -> None:
    for first, (begin, _, _, _) in enumerate(calls):
        for window_s, requests, tokens in (
            (minute_s, most.requests_per_minute, most.tokens_per_minute),
            (day_s, most.requests_per_day, most.tokens_per_day),
        ):
            inside = [call for call in calls[first:] if call[0] - begin < window_s]
            assert requests is None or len(inside) <= requests
            assert tokens is None or sum(call[2] for call in inside) <= tokens
        running = sum(arrived <= begin < left for arrived, left, _, _ in calls)
        assert most.max_in_flight is None or running <= most.max_in_flight
