"""Stopping a call: from outside, by its limits, wherever it is blocked, and never somebody else's."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from blogforge_llm import runner
from blogforge_llm.engine import addresses, calls, fallback, sockets
from blogforge_llm.engine.calls import Call, Cancellation
from blogforge_llm.engine.types import CallError, Candidate, EngineError, Message, TextDelta
from blogforge_llm.records.tasks import AttemptStatus, Category
from tests.engine.asking import KINDS, SOON_S, InThread, Notes, ask, candidate, request
from tests.provider_standin import Standin

AT_ONCE_S = 0.05
both = pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])
each_kind = pytest.mark.parametrize("kind", KINDS)


def cancel_and_measure(running: InThread) -> float:
    began = time.monotonic()
    running.cancellation.cancel()
    answered = running.result()
    assert answered.error is not None and answered.error.category is Category.CANCELLED
    assert answered.notes.outcomes[-1].status is AttemptStatus.CANCELLED
    return running.ended_at - began


def best_of_three(measure: Callable[[], float]) -> float:
    """A busy machine may be late once; a call that cannot be stopped is late always."""
    return min(measure() for _ in range(3))


@each_kind
@both
def test_cancel_frees_a_call_that_waits_for_headers(standin: Standin, kind: str, streaming: bool) -> None:
    def round_() -> float:
        gate = standin.hold("ok", after_words=None)
        running = InThread([candidate(standin, "ok", kind)], streaming=streaming)
        gate.wait_held()
        return cancel_and_measure(running)

    ask([candidate(standin, "ok", kind)])  # imports and connections are not what is measured
    assert best_of_three(round_) < AT_ONCE_S
    assert standin.wait_for_end(2)[-1].client_left


@each_kind
def test_cancel_frees_a_call_in_mid_stream_and_keeps_what_was_told(standin: Standin, kind: str) -> None:
    def round_() -> float:
        gate = standin.hold("ok", after_words=3)
        running = InThread([candidate(standin, "ok", kind)])
        gate.wait_held()
        running.wait_for_pieces(3)
        took_s = cancel_and_measure(running)
        assert running.result().notes.outcomes[-1].text.split() == ["The", "stand-in", "was"]
        return took_s

    ask([candidate(standin, "ok", kind)])
    assert best_of_three(round_) < AT_ONCE_S


def test_cancel_before_the_first_call_asks_nobody(standin: Standin) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    answered = ask([candidate(standin)], cancellation=cancellation)
    assert answered.error is not None and answered.error.category is Category.CANCELLED
    assert standin.requests == []


def test_cancel_between_the_record_and_the_call_stops_the_call(standin: Standin) -> None:
    cancellation = Cancellation()

    class Impatient(Notes):
        def started(self, attempt: int, candidate: Candidate, messages: tuple[Message, ...]) -> None:
            super().started(attempt, candidate, messages)
            cancellation.cancel()

    silent = candidate(standin, "slow-first-token:inf")
    with pytest.raises(EngineError):
        list(
            fallback.stream(request(deadline_s=5), [silent], recorder=(notes := Impatient()), cancellation=cancellation)
        )
    assert notes.categories == [Category.CANCELLED]


def test_cancel_ends_the_pause_before_a_retry(standin: Standin) -> None:
    running = InThread([candidate(standin, "status:429;retry-after=9")], request(deadline_s=60))
    standin.wait_for_end()
    running.cancellation.cancel()
    answered = running.result()
    assert answered.error is not None and answered.error.category is Category.CANCELLED
    assert answered.took_s < SOON_S


def test_closing_the_stream_stops_the_call_and_records_it(standin: Standin) -> None:
    standin.hold("ok", after_words=3)
    notes = Notes()
    events = fallback.stream(request(), [candidate(standin)], recorder=notes)
    next(event for event in events if isinstance(event, TextDelta))
    events.close()
    assert [outcome.status for outcome in notes.outcomes] == [AttemptStatus.CANCELLED]
    assert standin.wait_for_end()[0].client_left


@each_kind
@pytest.mark.parametrize("model", ["comment-drip:20", "empty-deltas:20", "slow-first-token:inf;headers"])
def test_bytes_without_content_do_not_hold_off_the_first_token_limit(standin: Standin, kind: str, model: str) -> None:
    slow = candidate(standin, model, kind, first_token_timeout_s=0.2)
    answered = ask([slow, candidate(standin, "ok", kind)])
    assert answered.notes.categories == [Category.TIMEOUT, None]
    assert 0.2 <= answered.took_s < SOON_S


@each_kind
def test_silence_in_mid_stream_hits_the_idle_limit(standin: Standin, kind: str) -> None:
    answered = ask([candidate(standin, "idle-after:3", kind, idle_timeout_s=0.2), candidate(standin, "ok", kind)])
    assert answered.notes.categories == [Category.TIMEOUT, None]
    assert answered.notes.outcomes[0].text.startswith("The stand-in was")
    assert answered.took_s < SOON_S


def test_a_long_answer_that_keeps_coming_hits_no_limit(standin: Standin) -> None:
    steady = candidate(standin, "drip:20;words=30", first_token_timeout_s=0.2, idle_timeout_s=0.2)
    answered = ask([steady, candidate(standin)])
    assert answered.completion.served_by == steady


def test_reasoning_counts_as_progress(standin: Standin) -> None:
    for kind in KINDS:
        thinker = candidate(
            standin, "reasoning:15;pace=20;words=3", kind, first_token_timeout_s=0.2, idle_timeout_s=0.2
        )
        assert ask([thinker, candidate(standin, "ok", kind)]).completion.served_by == thinker


def test_a_slow_reader_is_not_taken_for_a_silent_provider(standin: Standin) -> None:
    answering = candidate(standin, "drip:1;words=5", idle_timeout_s=0.1)
    events = fallback.stream(request(), [answering, candidate(standin)], recorder=(notes := Notes()))
    for event in events:
        if isinstance(event, TextDelta):
            time.sleep(0.15)  # the reader's own business, longer than the model's limit
    assert notes.categories == [None]


@both
@each_kind
def test_the_deadline_ends_the_last_candidate_too(standin: Standin, kind: str, streaming: bool) -> None:
    answered = ask([candidate(standin, "slow-first-token:inf", kind)], request(deadline_s=0.3), streaming=streaming)
    assert answered.error is not None and answered.error.category is Category.DEADLINE_EXCEEDED
    assert answered.notes.categories == [Category.DEADLINE_EXCEEDED]
    assert answered.took_s < SOON_S


def test_an_ended_call_does_not_stop_the_next_one_on_its_connection(standin: Standin) -> None:
    first = Call(deadline=time.monotonic() + 10)
    with first:
        assert first.run(_words, standin) == 40
        gate = standin.hold("ok", after_words=3)
        running = InThread([candidate(standin)])  # takes the pooled connection over while the first call still stands
        gate.wait_held()
        first.cancel()
    gate.release()
    assert running.result().error is None
    assert len({asked.connection for asked in standin.requests}) == 1


def _words(standin: Standin) -> int:
    from blogforge_llm.engine import adapters

    return len(adapters.load("groq").ask(request(), candidate(standin, "ok;words=40")).text.split())


def test_many_calls_end_at_their_own_limits(standin: Standin) -> None:
    limits = [0.1 + 0.05 * step for step in range(8)]
    silent = candidate(standin, "slow-first-token:inf")
    running = [InThread([silent], request(deadline_s=limit)) for limit in limits]
    for limit, one in zip(limits, running, strict=True):
        assert limit <= one.result().took_s < SOON_S


@contextmanager
def unanswering_port(backlog: int = 0) -> Iterator[int]:
    """A port whose queue is full: connecting to it gets no answer at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        fillers = []
        for _ in range(backlog + 2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        try:
            yield listener.getsockname()[1]
        finally:
            for filler in fillers:
                filler.close()


@pytest.mark.parametrize("kind", ["groq", "openai_compatible"])
def test_a_call_that_is_still_connecting_can_be_stopped(standin: Standin, kind: str) -> None:
    ask([candidate(standin, "ok", kind)])
    with unanswering_port() as port:
        nowhere = candidate(standin, "ok", kind, base_url=f"http://127.0.0.1:{port}/v1")
        answered = ask([nowhere], request(deadline_s=0.3))
    assert answered.notes.categories == [Category.DEADLINE_EXCEEDED]
    assert answered.took_s < SOON_S


def test_a_call_that_looks_up_a_name_can_be_stopped(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    ask([candidate(standin)])
    asked, let_go = threading.Event(), threading.Event()

    def never(host: str, port: int) -> list[addresses.Target]:
        asked.set()
        let_go.wait(10)
        raise OSError("too late")

    monkeypatch.setattr(addresses, "resolve", never)
    running = InThread([candidate(standin, base_url="http://somewhere.example")])
    assert asked.wait(5)
    try:
        assert cancel_and_measure(running) < AT_ONCE_S
    finally:
        let_go.set()


def test_a_name_server_that_does_not_answer_is_a_timeout(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(addresses, "resolve", lambda host, port: [let_go.wait(5)][:0])
    monkeypatch.setattr(sockets, "CONNECT_TIMEOUT_S", 0.1)
    answered = ask([candidate(standin, base_url="http://somewhere.example")])
    let_go.set()
    assert answered.notes.categories == [Category.TIMEOUT]


def test_a_plugin_that_cannot_be_interrupted_is_left_alone(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    import llm

    begun, let_go = threading.Event(), threading.Event()

    class Deaf(llm.Model):
        model_id = "deaf"
        can_stream = True

        def execute(self, prompt: object, stream: bool, response: object, conversation: object) -> Iterator[str]:
            begun.set()
            let_go.wait(10)
            yield "too late"

    monkeypatch.setattr(llm, "get_model", lambda name: Deaf())
    running = InThread([candidate(standin, "deaf", "llm", base_url=None)])
    assert begun.wait(5)
    assert cancel_and_measure(running) < AT_ONCE_S
    let_go.set()
    assert running.result().notes.outcomes[-1].text == ""


def test_a_list_of_models_that_does_not_come_is_left(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "DISCOVERY_S", 0.2)
    standin.hold("/models", after_words=None)
    for kind in KINDS:
        with pytest.raises(CallError, match="no list of models") as failed:
            runner.discover(candidate(standin, "", kind))
        assert failed.value.category is Category.TIMEOUT


def _raise(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_the_current_call_is_known_only_while_it_works() -> None:
    with Call(deadline=time.monotonic() + 1) as call:
        assert call.run(calls.current) is call
        assert calls.current() is None
        with pytest.raises(EngineError):
            call.run(_raise(EngineError(Category.CANCELLED, "")))
        assert calls.current() is None
