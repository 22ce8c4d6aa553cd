"""Limits where calls are really made: who waits, and who goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from blogforge_llm import db
from blogforge_llm.engine import limits
from blogforge_llm.engine.admission import Chain, Refusal
from blogforge_llm.engine.calls import Cancellation
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import Candidate, Outcome
from blogforge_llm.records.tasks import Category
from tests.engine.asking import SOON_S, InThread, ask, candidate, request
from tests.engine.limiting import ANSWERED, admitted, bounded, limited, limiter, reached, refused
from tests.provider_standin import Standin


@pytest.fixture(autouse=True)
def database(pool: str) -> Iterator[None]:
    yield
    assert not limits._running


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
