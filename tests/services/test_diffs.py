from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from blogforge_llm.services import diffs
from blogforge_llm.services.diffs import Change


def test_changed_words_stand_side_by_side() -> None:
    assert diffs.words("the red kilt", "the green kilt") == [
        Change("same", "the "), Change("removed", "red"), Change("added", "green"), Change("same", " kilt"),
    ]  # fmt: skip


def test_neighbouring_changed_words_read_as_one_change() -> None:
    assert diffs.words("one two three", "four five three") == [
        Change("removed", "one two"), Change("added", "four five"), Change("same", " three"),
    ]  # fmt: skip


def test_equal_texts_have_one_unchanged_run() -> None:
    assert diffs.words("same", "same") == [Change("same", "same")]
    assert diffs.words("", "") == []


@settings(deadline=None)
@given(st.text(alphabet="ab .\n"), st.text(alphabet="ab .\n"))
def test_both_texts_can_be_read_out_of_their_changes(old: str, new: str) -> None:
    changes = diffs.words(old, new)
    assert "".join(c.text for c in changes if c.kind != "added") == old
    assert "".join(c.text for c in changes if c.kind != "removed") == new
    assert all(c.text for c in changes)


def test_huge_texts_are_compared_in_reasonable_time() -> None:
    old = "\n".join(f"line {n} of a long text" for n in range(30_000))
    began = time.monotonic()
    changes = diffs.words(old, old.replace("line 7 ", "verse 7 "))
    assert time.monotonic() - began < 3
    assert "".join(c.text for c in changes if c.kind != "removed").startswith("line 0")
