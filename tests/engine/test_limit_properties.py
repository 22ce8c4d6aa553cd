"""Limits against a model, by chance and in several processes: no schedule exceeds one."""

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
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import Limits, Usage
from blogforge_llm.records.tasks import Source
from tests.engine.limiting import ANSWERED, LLAMA, NOT_SENT, assert_sums_are_true, clear, limiter, pass_time
from tests.provider_standin import Standin


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not limits._running


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
