"""One measured thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """Milliseconds, one per repetition; the target is for the median."""

    name: str
    values: list[float]
    target: float
