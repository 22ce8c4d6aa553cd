"""How long the text of a field may be. A text from before a limit stays as it is: it may get shorter step by step, but
no longer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from blogforge_llm.errors import Invalid
from blogforge_llm.records.editorial import Field, FieldKind

MOST_CHARACTERS = 200_000
MOST_WORDS = 50_000
LINE = 300  # characters of a line, unless an admin says otherwise

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Measure:
    """How much of a limit a text takes."""

    unit: str
    has: int
    most: int

    @property
    def over(self) -> int:
        return max(0, self.has - self.most)


def words(text: str) -> int:
    """Counted as the database counts them."""
    return sum(1 for _ in _WORD.finditer(text))


def require(field: Field, text: str, *, before: str = "") -> None:
    """Raises Invalid for a text beyond a limit, unless it is no longer than the one before it."""
    _require(field, "characters", len(text), len(before), field.max_length)
    if field.max_words is not None:
        _require(field, "words", words(text), words(before), field.max_words)


def measures(field: Field, text: str) -> list[Measure]:
    """What a page counts while somebody writes: the limits that an admin set, not those that all fields of a kind
    have."""
    usual = LINE if field.kind == FieldKind.LINE else MOST_CHARACTERS
    found = [Measure("characters", len(text), field.max_length)] if field.max_length < usual else []
    return found + ([] if field.max_words is None else [Measure("words", words(text), field.max_words)])


def _require(field: Field, unit: str, has: int, had: int, most: int) -> None:
    if has <= most or has <= had:
        return
    message = f"{field.name} takes at most {most:,} {unit}; this has {has:,}. Shorten it and save again."
    if had > most:
        message += f" What is saved has {had:,}, from before the limit: it may get shorter step by step."
    raise Invalid.field("text", message)
