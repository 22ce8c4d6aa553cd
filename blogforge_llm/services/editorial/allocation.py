"""Which idea or fact goes to which section: reading what a model labelled, and the deterministic allocator. Pure
functions over codes, so that nothing can be lost or doubled by a model's answer; board.py applies them.

The allocator is greedy: the items whose best score is highest come first, equal ones by their codes; each goes to the
section it scored highest for that still has room, of equal sections to the one with the fewest items, then to the first
in the post's order. An item nobody labelled, or whose sections are all full, is left over.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Labels:
    """Scores above 0 and up to 1 by item and section; and in words what of the answer was left aside."""

    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Allocation:
    """Every item is in exactly one of the two."""

    placed: dict[str, str]
    left: list[str]


def read_labels(text: str, *, items: Sequence[str], sections: Sequence[str]) -> Labels:
    """[{"item": "I1", "section": "S2", "score": 0.9}, …]; whatever is not that is left aside and named. Of several
    scores for one pair the highest counts."""
    labels = Labels()
    known_items, known_sections = set(items), set(sections)
    for number, entry in enumerate(_entries(text), 1):
        problem = _problem(entry, known_items, known_sections)
        if problem is None:
            scores = labels.scores.setdefault(entry["item"], {})
            scores[entry["section"]] = max(float(entry["score"]), scores.get(entry["section"], 0.0))
        elif problem:
            labels.problems.append(f"Entry {number}: {problem}")
    return labels


def allocate(
    *,
    items: Sequence[str],
    sections: Sequence[str],
    scores: Mapping[str, Mapping[str, float]],
    loads: Mapping[str, int] | None = None,
    capacity: int | None = None,
) -> Allocation:
    """`loads` is how many items a section has already, `capacity` how many it may have in all; None for any number."""
    load = {section: (loads or {}).get(section, 0) for section in sections}
    place = {section: number for number, section in enumerate(sections)}
    wanted = {item: {s: v for s, v in scores.get(item, {}).items() if s in place and v > 0} for item in items}
    queue = sorted(wanted, key=lambda item: (-max(wanted[item].values(), default=0.0), _natural(item)))
    placed: dict[str, str] = {}
    for item in queue:
        free = [section for section in wanted[item] if capacity is None or load[section] < capacity]
        if free:
            best = min(free, key=lambda section: (-wanted[item][section], load[section], place[section]))
            placed[item] = best
            load[best] += 1
    return Allocation(placed, sorted((item for item in wanted if item not in placed), key=_natural))


def _entries(text: str) -> list[Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if isinstance(data, dict) and len(data) == 1:  # {"labels": […]}
        data = next(iter(data.values()))
    return data if isinstance(data, list) else []


def _problem(entry: Any, items: set[str], sections: set[str]) -> str | None:
    """None for a label, "" for one that says a pair does not fit."""
    if not isinstance(entry, dict):
        return "not an object."
    item, section, score = entry.get("item"), entry.get("section"), entry.get("score")
    if not isinstance(item, str) or item not in items:
        return f"there is no idea or fact {str(item)[:40]}."
    if not isinstance(section, str) or section not in sections:
        return f"there is no section {str(section)[:40]}."
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score) or not 0 <= score <= 1:
        return f"{str(score)[:40]} is no score from 0 to 1."
    return None if score > 0 else ""


def _natural(code: str) -> tuple[str, int, str]:
    """I2 before I10."""
    match = re.fullmatch(r"(\D*)(\d{1,9})", code)
    return (match[1], int(match[2]), code) if match else (code, 0, code)
