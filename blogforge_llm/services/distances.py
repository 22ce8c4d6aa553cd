"""How much of a text was changed, as one number. What was changed, word by word, is diffs.py."""

from __future__ import annotations

import re

from rapidfuzz.distance import Levenshtein

_MOST_CHARACTERS = 20_000  # above, comparing characters takes too long for somebody who waits

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


def normalised(before: str, after: str) -> float:
    """The fewest insertions, deletions and replacements that lead from one to the other, over the longer one's length:
    0 for the same, 1 when nothing stayed (Levenshtein 1966). By characters; long texts by words."""
    if max(len(before), len(after)) <= _MOST_CHARACTERS:
        return float(Levenshtein.normalized_distance(before, after))
    return float(Levenshtein.normalized_distance(_WORD.findall(before), _WORD.findall(after)))
