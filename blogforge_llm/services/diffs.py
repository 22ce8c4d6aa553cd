"""What changed between two texts, word by word. Knows neither fields nor prompts; both use it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# Above these difflib takes seconds (it is quadratic at worst): compare lines, then nothing finer than the whole.
_MAX_WORDS = 5_000
_MAX_LINES = 8_000

# The blanks before a word belong to it: as words of their own they would match everywhere, which takes seconds.
_WORD = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")


@dataclass(frozen=True, slots=True)
class Change:
    """A run of text that stayed, came or went. All `same` and `added` in order are the new text."""

    kind: Literal["same", "added", "removed"]
    text: str


def words(old: str, new: str) -> list[Change]:
    """The changes that lead from old to new, what went before what came. Huge texts are compared by lines."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(after)) > _MAX_WORDS:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if max(len(before), len(after)) > _MAX_LINES:
        before, after = [old], [new]
    return _joined(_changes(before, after))


def _changes(before: list[str], after: list[str]) -> list[Change]:
    changes: list[Change] = []
    old, new = [word.strip() for word in before], [word.strip() for word in after]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            for was, now in zip(before[i1:i2], after[j1:j2], strict=True):
                changes += [Change("same", now)] if was == now else _respaced(was, now)
        else:
            changes += _respaced("".join(before[i1:i2]), "".join(after[j1:j2]))
    return changes


def _respaced(was: str, now: str) -> list[Change]:
    """One change without what both begin with, if that is blank, and without a word that only its blanks changed."""
    blank, rest_was, rest_now = _shared_blank(was, now)
    word = rest_was.lstrip() if rest_was.lstrip() == rest_now.lstrip() else ""
    rest_was, rest_now = (rest[: len(rest) - len(word)] for rest in (rest_was, rest_now))
    runs = [Change("same", blank), Change("removed", rest_was), Change("added", rest_now), Change("same", word)]
    return [run for run in runs if run.text]


def _shared_blank(was: str, now: str) -> tuple[str, str, str]:
    length = 0
    for one, other in zip(was, now, strict=False):
        if one != other or not one.isspace():
            break
        length += 1
    return was[:length], was[length:], now[length:]


def _joined(changes: list[Change]) -> list[Change]:
    """Neighbours of a kind made one. A lone blank between two changed words counts as changed: it reads better."""
    joined: list[Change] = []
    removed = added = ""
    last = len(changes) - 1
    for index, change in enumerate(changes):
        is_gap = change.kind == "same" and change.text.strip(" ") == "" and 0 < index < last and (removed or added)
        if change.kind == "removed" or is_gap:
            removed += change.text
        if change.kind == "added" or is_gap:
            added += change.text
        if change.kind == "same" and not is_gap:
            joined += [Change("removed", removed)] * bool(removed) + [Change("added", added)] * bool(added)
            if joined and joined[-1].kind == "same":
                change = Change("same", joined.pop().text + change.text)
            joined.append(change)
            removed = added = ""
    return joined + [Change("removed", removed)] * bool(removed) + [Change("added", added)] * bool(added)
