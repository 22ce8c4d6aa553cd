"""What became of suggestions, with how well that is known. The rules are in services/prompts/outcomes.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, with the interval the true share lies in, 0..1; without cases it is from 0 to 1."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `of` values, None without any; the interval is None while there are too few to tell one."""

    value: float | None
    of: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the suggestions of a template, a version of it, a model, or both; None where these are taken together.

    `used`, `accepted`, `edited` and `discarded` are shares of the decided ones; `asked_again` is one of all offered.
    """

    template_id: int
    template_name: str
    version: int | None
    model_id: int | None
    model: str | None
    provider: str | None
    is_fallback: bool | None  # another model was to be asked first
    offered: int
    open: int  # nobody has decided yet
    passed_over: int  # another suggestion was accepted in its place
    used: Share
    accepted: Share
    edited: Share
    discarded: Share
    asked_again: Share
    edit_distance: Mean  # of the edited ones, 0..1
    cost: Mean  # USD
    seconds: Mean
