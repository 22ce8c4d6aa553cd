"""Who waits for a limit is let in when it is their turn: no late comer overtakes, and no room is left unused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.engine import limits
from blogforge_llm.engine.limits import Limiter
from tests.engine.asking import InThread, request
from tests.engine.limiting import ANSWERED, admit, admitted, clear, limited, limiter, reached, refused
from tests.installation import wait_until
from tests.provider_standin import Standin

ONE_AT_A_TIME = limited(max_in_flight=1)


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not limits._running and places() == 0


def places() -> int:
    with db.connection() as conn:
        row = conn.execute("SELECT count(*) AS places FROM limit_places").fetchone()
    assert row is not None
    return int(row["places"])


def waiting(asked: limits.Candidate, tokens: int | None = None) -> Limiter:
    """Somebody who was refused and stands in the line now."""
    made = limiter(tokens)
    refusal = made.may_ask(asked)
    assert refusal is not None and refusal.line is made
    made.keep(5.0)
    return made


def dies(made: Limiter) -> None:
    with db.connection() as conn:
        conn.execute("UPDATE limit_places SET leased_until = '-infinity' WHERE ticket = %s", (made._ticket,))


def test_who_came_first_is_let_in_first() -> None:
    running = admitted(ONE_AT_A_TIME)
    first, second = waiting(ONE_AT_A_TIME), waiting(ONE_AT_A_TIME)
    running.report(ONE_AT_A_TIME, ANSWERED)
    refused(ONE_AT_A_TIME)  # it comes when there is room, and two were here before
    assert second.may_ask(ONE_AT_A_TIME) is not None
    assert first.may_ask(ONE_AT_A_TIME) is None
    first.leave()
    first.report(ONE_AT_A_TIME, ANSWERED)
    refused(ONE_AT_A_TIME)
    assert second.may_ask(ONE_AT_A_TIME) is None
    second.leave()
    second.report(ONE_AT_A_TIME, ANSWERED)


def test_room_that_nobody_ahead_needs_is_given_at_once() -> None:
    asked = limited(max_in_flight=3)
    running = [admitted(asked) for _ in range(3)]
    first = waiting(asked)
    for made in running[:2]:
        made.report(asked, ANSWERED)
    late = admitted(asked)
    refused(asked)
    assert first.may_ask(asked) is None
    first.leave()
    for made in (late, first, running[2]):
        made.report(asked, ANSWERED)


def test_a_large_request_is_not_starved_by_small_ones() -> None:
    asked = limited(tokens_per_minute=100)
    running = admitted(asked, 50)
    large = waiting(asked, 90)
    refused(asked, 20)  # there would be room now, and then never for the large one
    large.leave()
    running.report(asked, ANSWERED)


def test_a_minute_is_shared_out_in_order_and_each_is_told_its_own_time() -> None:
    asked = limited(requests_per_minute=1)
    admitted(asked).report(asked, ANSWERED)
    first = waiting(asked)
    refusal = refused(asked)
    assert refusal.opens_in_s == pytest.approx(60, abs=2) and refusal.look_in_s < 60  # those ahead may leave
    first.leave()


@pytest.mark.parametrize("end", [dies, Limiter.leave])
def test_who_dies_or_gives_up_holds_nobody_up(end: object) -> None:
    running = admitted(ONE_AT_A_TIME)
    gone = waiting(ONE_AT_A_TIME)
    running.report(ONE_AT_A_TIME, ANSWERED)
    refused(ONE_AT_A_TIME)
    end(gone)  # type: ignore[operator]
    admitted(ONE_AT_A_TIME).report(ONE_AT_A_TIME, ANSWERED)
    with db.transaction() as conn:
        limits.forget_old(conn)


def test_requests_that_wait_are_answered_in_the_order_in_which_they_came(standin: Standin) -> None:
    asked = reached(standin, max_in_flight=1)
    gate = standin.hold("ok")
    tasks = [InThread([asked], request("number 0"), admission=limiter())]
    gate.wait_held()
    for number in range(1, 6):
        tasks.append(InThread([asked], request(f"number {number}"), admission=limiter()))
        wait_until(lambda so_many=number: places() == so_many, timeout=10)
    standin.release("ok")
    assert all(task.result().error is None for task in tasks)
    assert [seen.body["messages"][0]["content"] for seen in standin.requests] == [f"number {n}" for n in range(6)]


def test_a_stopped_wait_leaves_the_line(standin: Standin) -> None:
    asked = reached(standin, max_in_flight=1)
    running = admitted(asked)
    task = InThread([asked], admission=limiter())
    wait_until(lambda: places() == 1, timeout=10)
    task.cancellation.cancel()
    assert task.result().error is not None and places() == 0
    running.report(asked, ANSWERED)


@dataclass
class Line:
    """What must happen, said as simply as possible."""

    most: int
    running: list[Limiter] = field(default_factory=list)
    waiting: list[Limiter] = field(default_factory=list)

    def admits(self, position: int) -> bool:
        return len(self.running) + position < self.most


STEPS = st.lists(
    st.tuples(st.sampled_from(["come", "come", "look", "look", "end", "end", "give up", "die"]), st.integers(0, 9)),
    min_size=5,
    max_size=40,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 3), STEPS)
def test_any_schedule_lets_in_by_turns_as_many_as_there_is_room_for(most: int, steps: list[tuple[str, int]]) -> None:
    clear()
    asked, line = limited(max_in_flight=most), Line(most)
    for step, number in steps:
        if step == "come":
            expected = line.admits(len(line.waiting))
            made = admit(asked)
            assert isinstance(made, Limiter) is expected
            if isinstance(made, Limiter):
                line.running.append(made)
            else:
                assert isinstance(made.line, Limiter)
                made.line.keep(5.0)
                line.waiting.append(made.line)
        elif step == "end" and line.running:
            line.running.pop(number % len(line.running)).report(asked, ANSWERED)
        elif line.waiting:
            position = number % len(line.waiting)
            made = line.waiting[position]
            if step == "look":
                expected = line.admits(position)
                assert (made.may_ask(asked) is None) is expected
                if expected:
                    made.leave()
                    line.running.append(line.waiting.pop(position))
                else:
                    made.keep(5.0)
            elif step in ("give up", "die"):
                (Limiter.leave if step == "give up" else dies)(made)
                line.waiting.remove(made)
        assert len(line.running) <= most
    for made in line.running:
        made.report(asked, ANSWERED)
    clear()
