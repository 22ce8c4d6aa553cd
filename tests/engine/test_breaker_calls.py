"""Circuits where calls are really made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from blogforge_llm.engine import breakers, fallback
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.types import Candidate, EngineError
from blogforge_llm.records.tasks import Category
from tests.engine.asking import SOON_S, Notes, ask, candidate, request
from tests.engine.breaking import attempt, failed, pass_time, row, states
from tests.provider_standin import Standin


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not breakers._probing


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
