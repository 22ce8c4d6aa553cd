"""Circuits: what opens them, whom they hold back, who may try again; with real connections, and against a model."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.engine import breakers, fallback
from blogforge_llm.engine.admission import Refusal
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.circuits import Cooldown
from blogforge_llm.engine.types import Candidate, EngineError, Outcome
from blogforge_llm.records.tasks import AttemptStatus, Category
from tests.engine.asking import SOON_S, Notes, ask, candidate, request
from tests.provider_standin import Standin

LLAMA = Candidate(7, "llama", 2, "Groq", "groq", key_id=3)
LLAMA_OTHER_KEY = Candidate(7, "llama", 2, "Groq", "groq", key_id=4)
GEMMA = Candidate(8, "gemma", 2, "Groq", "groq", key_id=3)
ECHO = Candidate(9, "echo", 5, "Echo", "llm")
OK = Outcome(AttemptStatus.SUCCEEDED)


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not breakers._probing


def failed(category: Category, retry_after_s: float | None = None) -> Outcome:
    status = AttemptStatus.CANCELLED if category is Category.CANCELLED else AttemptStatus.FAILED
    return Outcome(status, category, retry_after_s=retry_after_s)


def run(*candidates: Candidate, **options: Any) -> Breakers:
    return Breakers(candidates or (LLAMA,), uuid.uuid4(), **options)


def attempt(outcome: Outcome, asked: Candidate = LLAMA, **options: Any) -> Refusal | None:
    """One call of a run of its own that ends so; the refusal when it was not let through."""
    breaker = run(asked, **options)
    refusal = breaker.may_ask(asked)
    if refusal is None:
        breaker.report(asked, outcome)
    return refusal


def refused(asked: Candidate = LLAMA) -> Refusal | None:
    """Whether it would be asked; a lease that was got is given back."""
    return attempt(failed(Category.CANCELLED), asked)


def row(name: str = "model:7") -> dict[str, Any] | None:
    with db.connection() as conn:
        return conn.execute("SELECT * FROM circuits WHERE name = %s", (name,)).fetchone()


def states() -> dict[str, str]:
    with db.connection() as conn:
        return {row["name"]: row["state"] for row in conn.execute("SELECT name, state FROM circuits")}


def pass_time(seconds: float) -> None:
    """The clock is the database's, so time passes by moving the rows into the past."""
    with db.connection() as conn:
        conn.execute(
            "UPDATE circuits SET since = since - s, until = until - s, held_until = held_until - s "
            "FROM (SELECT %s * interval '1 second' AS s) AS shift",
            (seconds,),
        )


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


def down(standin: Standin, status: int = 503) -> Candidate:
    return candidate(standin, f"status:{status}", model_id=7, provider_id=2, key_id=3)


def through(*candidates: Candidate, **options: Any) -> Any:
    return ask(list(candidates), admission=Breakers(candidates, uuid.uuid4()), **options)


def test_the_next_model_answers_while_the_first_cools(standin: Standin) -> None:
    well = candidate(standin, "ok", "cerebras")
    for _ in range(5):
        assert through(down(standin), well).completion.served_by == well
    assert len(standin.requests_for("status:503")) == 1


@pytest.mark.parametrize(("status", "attempts"), [(500, 2), (503, 2)])
def test_a_lone_model_is_repeated_once_then_rests_and_the_error_says_until_when(
    standin: Standin, status: int, attempts: int
) -> None:
    answered = through(down(standin, status))
    assert len(answered.notes.outcomes) == attempts
    again = through(down(standin, status))
    assert len(standin.requests) == attempts
    assert again.took_s < SOON_S
    assert "It is tried again in 5 seconds." in str(again.error)
    pass_time(5.1)
    assert len(through(down(standin, status)).notes.outcomes) == 1
    assert row()["cooldown_s"] == 10


def test_a_single_hiccup_is_healed_by_its_own_repeat(standin: Standin) -> None:
    lone = candidate(standin, "flaky:1;status=500", model_id=7)
    assert through(lone).error is None
    assert states() == {"model:7": "closed"}


def test_a_lone_model_that_asks_for_a_moment_is_waited_for(standin: Standin) -> None:
    standin.script("busy", ["status:429;retry-after=0.3", "ok"])
    answered = through(candidate(standin, "busy"))
    assert answered.notes.categories == [Category.RATE_LIMIT, None]


def test_when_all_rest_the_error_names_the_one_that_is_soonest(standin: Standin) -> None:
    limited = candidate(standin, "status:429;retry-after=40", "cerebras")
    through(limited, down(standin))
    error = through(limited, down(standin)).error
    assert isinstance(error, EngineError) and error.attempts == 0
    assert str(error).startswith("None of the 2 choices can be asked right now. The next one: status:503 at Groq")
    assert "tried again in 5 seconds" in str(error)


@pytest.mark.parametrize("status", [401, 402, 403, 429])
def test_the_next_key_of_the_same_model_comes_before_the_next_provider(standin: Standin, status: int) -> None:
    standin.key_behaves("first", f"status:{status};retry-after=60")
    first = candidate(standin, "ok", model_id=7, provider_id=2, key_id=3, api_key="first")
    second = candidate(standin, "ok", model_id=7, provider_id=2, key_id=4, api_key="second")
    other = candidate(standin, "ok", "cerebras")
    for _ in range(3):
        assert through(first, second, other).completion.served_by == second
    assert len(standin.requests) == 4


@pytest.mark.parametrize("status", [500, 503, 404])
def test_a_model_that_is_down_is_not_asked_with_the_next_key(standin: Standin, status: int) -> None:
    first = down(standin, status)
    second = candidate(standin, f"status:{status}", model_id=7, provider_id=2, key_id=4)
    answered = through(first, second, candidate(standin, "ok", "cerebras"))
    assert answered.completion.served_by.kind == "cerebras"
    assert len(standin.requests_for(f"status:{status}")) == (2 if status == 500 else 1)


@pytest.mark.parametrize(("every_s", "status"), [(1, 503), (4, 503), (4, 529), (7, 503)])
def test_a_minute_of_outage_costs_five_calls_and_the_first_choice_is_soon_back(
    standin: Standin, every_s: int, status: int
) -> None:
    """Each request has Breakers of its own, as in processes of their own. In real time: tests/benchmarks/outages.py."""
    first, second = candidate(standin, "ok", model_id=7), candidate(standin, "ok", "cerebras", model_id=8)
    standin.script("ok", [])
    standin.key_behaves("key-of-groq", f"status:{status}")
    slowest, since_recovery = 0.0, 0
    for _ in range(0, 60, every_s):
        answered = through(first, second)
        slowest = max(slowest, answered.took_s)
        assert answered.completion.served_by == second
        pass_time(every_s)
    dead = [sent for sent in standin.requests if sent.status == status]
    standin.key_behaves("key-of-groq", None)
    while through(first, second).completion.served_by != first:
        pass_time(every_s)
        since_recovery += every_s
    assert len(dead) <= 5
    assert slowest < 1.5
    assert since_recovery <= 15


def test_a_reader_who_leaves_gives_the_lease_back(standin: Standin) -> None:
    well = candidate(standin, "ok", model_id=7)
    attempt(failed(Category.OVERLOADED), well)
    pass_time(6)
    events = fallback.stream(request(), [well], recorder=Notes(), admission=Breakers([well], uuid.uuid4()))
    next(events)
    next(events)
    assert row()["state"] == "half_open"
    events.close()
    assert row()["state"] == "open"


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
