"""Streams as the definition of server-sent events allows them, through the real SDKs."""

from __future__ import annotations

import pytest

from blogforge_llm.records.tasks import Source
from tests.engine.asking import KINDS, ask, candidate
from tests.provider_standin import Standin

each_sdk = pytest.mark.parametrize("kind", KINDS)


@each_sdk
@pytest.mark.parametrize(
    "preface", ["mark", "retry", "id", "event", "ping", "null", "named", "carriage-returns", "message"]
)
def test_a_stream_with_more_than_data_in_it_is_an_answer_to_its_first_word(
    standin: Standin, kind: str, preface: str
) -> None:
    answered = ask([candidate(standin, f"events:{preface}", kind)], streaming=True)
    assert answered.notes.categories == [None]
    assert answered.completion.text == "First words, last words."
    assert answered.completion.usage.source is Source.KNOWN


@each_sdk
def test_of_several_choices_only_the_first_is_heard(standin: Standin, kind: str) -> None:
    answered = ask([candidate(standin, "events:choices", kind)], streaming=True)
    assert answered.completion.text == "First words, last words."


@each_sdk
def test_a_character_that_comes_in_two_halves_is_whole(standin: Standin, kind: str) -> None:
    answered = ask([candidate(standin, "events:halves", kind)], streaming=True)
    assert answered.completion.text == "A 😀 and a 🎂."
    assert answered.text_of_last_attempt == "A 😀 and a 🎂."
