"""In which order fields can be asked for, when the prompt of one needs the text of another. Pure functions over keys;
what the keys stand for is runs.py's affair.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Needs:
    """Without what is `required` nothing can be asked; what is `wanted` is waited for while it is still coming."""

    required: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be asked now, and what can never be, with what it lacks. The rest goes on waiting."""

    ready: list[str]
    stopped: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Order:
    """Layers that are asked one after another, and what can never be asked, with what it lacks."""

    layers: list[list[str]] = field(default_factory=list)
    stopped: dict[str, list[str]] = field(default_factory=dict)


def decide(waiting: Mapping[str, Needs], *, filled: Collection[str], going: Collection[str]) -> Decision:
    """`filled` have a text, `going` will end by themselves. With nothing going, something is ready or everything is
    stopped: whoever asks until nothing waits comes to an end."""
    possible = _possible(waiting, filled, going)
    stopped = {key: _lacks(needs, filled) for key, needs in waiting.items() if key not in possible}
    met = [key for key in waiting if key in possible and waiting[key].required <= set(filled)]
    coming = (possible | set(going)) - set(filled)
    ready = [key for key in met if not any(_is_before(want, key, waiting) for want in waiting[key].wanted & coming)]
    if not ready and not going:
        ready = met[:1]  # they want each other: the first one does without
        if not met:
            stopped |= {key: _lacks(waiting[key], filled) for key in waiting if key in possible}  # in a circle
    return Decision(ready, stopped)


def order(steps: Mapping[str, Needs], *, filled: Collection[str], accepted: Collection[str]) -> Order:
    """What will happen if every answer comes: `accepted` are the steps whose answer becomes the field's text."""
    left, known, layers = dict(steps), set(filled), list[list[str]]()
    while left:
        ready = decide(left, filled=known, going=()).ready
        if not ready:
            break
        layers.append(ready)
        for key in ready:
            del left[key]
        known |= set(ready) & set(accepted)
    return Order(layers, {key: _lacks(needs, known) for key, needs in left.items()})


def _possible(waiting: Mapping[str, Needs], filled: Collection[str], going: Collection[str]) -> set[str]:
    """Those whose needs are there, or may still come."""
    possible = set(waiting)
    while True:
        there = set(filled) | set(going)
        lost = {key for key in possible if any(need not in there | possible - {key} for need in waiting[key].required)}
        if not lost:
            return possible
        possible -= lost


def _is_before(want: str, key: str, waiting: Mapping[str, Needs]) -> bool:
    """Whether what `key` would like to have can come first: not when that itself requires `key`."""
    seen, left = set[str](), [want]
    while left:
        step = left.pop()
        if step == key:
            return False
        if step in waiting and step not in seen:
            left += waiting[step].required
        seen.add(step)
    return True


def _lacks(needs: Needs, filled: Collection[str]) -> list[str]:
    return sorted(needs.required - set(filled))
