"""Nothing is sent that could not be written down."""

from __future__ import annotations

from contextlib import suppress

import pytest

from blogforge_llm.engine import fallback
from blogforge_llm.engine.types import Candidate, EngineError, Message
from tests.engine.asking import KINDS, Notes, candidate, request
from tests.provider_standin import Standin

ECHO = Candidate(1, "echo", 1, "Plugins", "llm")  # a plug-in's model, which sends by its own means


def ask(asked: list[Candidate], recorder: Notes, *, streaming: bool) -> None:
    if streaming:
        list(fallback.stream(request(), asked, recorder=recorder))
    else:
        fallback.complete(request(), asked, recorder=recorder)


class Full(Notes):
    def started(self, attempt: int, candidate: Candidate, messages: tuple[Message, ...]) -> None:
        raise OSError("disk full")


class FullLater(Notes):
    """It turns out while the call is being prepared."""

    def written(self, attempt: int) -> None:
        raise OSError("disk full")


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("recorder", [Full, FullLater])
def test_a_recorder_that_cannot_write_stops_everything_before_the_call(
    standin: Standin, recorder: type[Notes], kind: str, streaming: bool
) -> None:
    with pytest.raises(OSError, match="disk full"):
        ask([candidate(standin, "ok", kind), candidate(standin)], recorder(), streaming=streaming)
    assert standin.requests == []


@pytest.mark.parametrize("streaming", [True, False])
def test_a_plug_in_is_not_asked_before_it_is_written_down(streaming: bool) -> None:
    with pytest.raises(OSError, match="disk full"):
        ask([ECHO], FullLater(), streaming=streaming)


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_attempt_is_waited_for_once_before_its_request_leaves(
    standin: Standin, kind: str, streaming: bool
) -> None:
    class Watchful(Notes):
        waited: list[tuple[int, int]] = []

        def written(self, attempt: int) -> None:
            self.waited.append((attempt, len(standin.requests)))

    models = ["status:503", "ok"]
    Watchful.waited = []
    with suppress(EngineError):
        ask([candidate(standin, model, kind) for model in models], Watchful(), streaming=streaming)
    assert Watchful.waited == [(1, 0), (2, 1)]
