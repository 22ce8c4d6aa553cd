"""Circuits against a model, by chance and by many threads: no schedule lets two probes through."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.engine import breakers
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.circuits import Cooldown
from blogforge_llm.records.tasks import Category
from tests.engine.breaking import GEMMA, LLAMA, OK, attempt, failed, pass_time, row, run


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not breakers._probing


# Against a model.

OUTAGE, BROKEN, LEASE_S = Cooldown(4.5, 13.5), Cooldown(50.5, 101.5), 9.5
FAILURES = [
    Category.OVERLOADED,
    Category.OVERLOADED,
    Category.MODEL_NOT_FOUND,
    Category.CANCELLED,
    Category.CONTENT_FILTER,
]


@dataclass
class Model:
    """The circuit as the design tells it, on a clock of its own."""

    now: float = 0.0
    state: str = "closed"
    cooldown: float = 0.0
    until: float = 0.0
    events: int = 0  # orders what happens at one moment
    closed_at: int = 0
    opener: int | None = None
    prober: int | None = None
    lease_until: float = 0.0
    calls: dict[int, int] = field(default_factory=dict)  # running ones, and at which event they began

    def may_ask(self, who: int) -> bool:
        free = self.state == "half_open" and self.lease_until <= self.now
        due = self.state == "open" and (self.until <= self.now or self.opener == who)
        if self.state != "closed":
            if not (due or free or (self.state == "half_open" and self.prober == who)):
                return False
            self.state, self.prober, self.lease_until, self.opener = "half_open", who, self.now + LEASE_S, None
        self.events += 1
        self.calls[who] = self.events
        return True

    def succeed(self, who: int) -> None:
        del self.calls[who]
        if self.state == "half_open" and self.prober == who:
            self.events += 1
            self.state, self.closed_at, self.prober, self.opener = "closed", self.events, None, None

    def give_up(self, who: int) -> None:
        self.calls.pop(who)
        if self.state == "half_open" and self.prober == who:
            self.state, self.prober = "open", None

    def fail(self, who: int, first: float, cap: float, lasting: bool) -> None:
        began = self.calls.pop(who)
        is_probe = self.state == "half_open" and self.prober == who
        if self.state == "closed":
            if began < self.closed_at:
                return
            self.opener, self.cooldown = who, first
        elif is_probe:
            doubled = self.cooldown * (1 if self.until > self.now else 2)
            self.opener, self.cooldown = None, min(max(first, doubled), cap)
        elif lasting and self.until < self.now + first:
            self.opener = None
            self.cooldown = (
                first
                if self.state == "open"
                else min(max(first, self.cooldown * (1 if self.until > self.now else 2)), cap)
            )
        else:
            return
        self.state, self.prober, self.until = "open", None, self.now + self.cooldown


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "succeed", "fail", "fail", "pass", "pass"]),
        st.integers(0, 2),
        st.sampled_from(FAILURES),
        st.sampled_from([1.0, 3.0, 7.0, 11.0, 60.0]),
    ),
    min_size=10,
    max_size=40,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_any_schedule_does_what_the_design_says(steps: list[tuple[str, int, Category, float]]) -> None:
    with db.connection() as conn:
        conn.execute("TRUNCATE circuits")
    model = Model()
    runs = [run(outage=OUTAGE, broken=BROKEN, lease_s=LEASE_S) for _ in range(3)]
    for what, number, category, seconds in steps:
        # Whoever ends is one of those that are at it.
        who = sorted(model.calls)[number % len(model.calls)] if what in ("succeed", "fail") and model.calls else number
        breaker = runs[who]
        if what == "pass":
            pass_time(seconds)
            model.now += seconds
            for other in runs:
                other._began -= seconds
        elif what == "ask" and who not in model.calls:
            breaker._seen = None  # as after a pause
            assert (breaker.may_ask(LLAMA) is None) == model.may_ask(who)
        elif who in model.calls and what == "succeed":
            breaker.report(LLAMA, OK)
            model.succeed(who)
        elif who in model.calls and what == "fail":
            breaker.report(LLAMA, failed(category))
            if category is Category.CANCELLED:
                model.give_up(who)
            elif category is Category.CONTENT_FILTER:
                model.succeed(who)
            else:
                lasting = category is Category.MODEL_NOT_FOUND
                kind = BROKEN if lasting else OUTAGE
                model.fail(who, kind.first_s, kind.cap_s, lasting)
        found = row()
        assert (found["state"] if found else "closed") == model.state
        if found and model.state != "closed":
            assert found["cooldown_s"] == model.cooldown
    breakers._probing.clear()


@dataclass
class Watch:
    """Sees every probe of all threads begin and end; `worst` is how many there ever were at once."""

    active: int = 0
    worst: int = 0
    probes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        with self.lock:
            self.active += 1
            self.probes += 1
            self.worst = max(self.worst, self.active)

    def end(self) -> None:
        with self.lock:
            self.active -= 1


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.floats(0.1, 0.9))
def test_no_schedule_of_threads_lets_two_probes_through(seed: int, failing: float) -> None:
    with db.connection() as conn:
        conn.execute("TRUNCATE circuits")
    watch, stop_at, problems = Watch(), time.monotonic() + 0.6, []

    def work(number: int) -> None:
        rng = random.Random(seed + number)
        while time.monotonic() < stop_at:
            breaker = run(LLAMA, GEMMA, outage=Cooldown(0.01, 0.04))
            if breaker.may_ask(LLAMA) is None:
                is_probe = bool(breaker._held)
                if is_probe:
                    watch.begin()
                time.sleep(rng.uniform(0, 0.01))
                if is_probe:
                    watch.end()
                bad = rng.random() < failing
                breaker.report(LLAMA, failed(rng.choice([Category.OVERLOADED, Category.CANCELLED])) if bad else OK)
            time.sleep(rng.uniform(0, 0.003))

    def guarded(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert watch.worst <= 1


def test_of_many_that_come_at_once_exactly_one_gets_the_lease() -> None:
    for _ in range(20):
        with db.connection() as conn:
            conn.execute("TRUNCATE circuits")
        attempt(failed(Category.OVERLOADED))
        pass_time(6)
        runs, barrier, admitted = [run() for _ in range(12)], threading.Barrier(12), []

        def race(breaker: Breakers, barrier: threading.Barrier, admitted: list[Breakers]) -> None:
            barrier.wait()
            if breaker.may_ask(LLAMA) is None:
                admitted.append(breaker)

        threads = [threading.Thread(target=race, args=(breaker, barrier, admitted)) for breaker in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(admitted) == 1
        admitted[0].report(LLAMA, OK)
