"""What changed between two texts, word by word. Knows neither fields nor prompts; both use it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# Above these difflib takes seconds (it is quadratic at worst): compare lines, then nothing finer than the whole.
_MAX_WORDS = 8_000
_MAX_LINES = 8_000

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


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
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            changes.append(Change("same", "".join(before[i1:i2])))
            continue
        changes.append(Change("removed", "".join(before[i1:i2])))
        changes.append(Change("added", "".join(after[j1:j2])))
    return changes


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
            joined.append(change)
            removed = added = ""
    return joined + [Change("removed", removed)] * bool(removed) + [Change("added", added)] * bool(added)
