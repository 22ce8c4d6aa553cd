"""Who may be asked: what circuits, limits, budgets and rights have in common, and several of them as one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from blogforge_llm.engine.types import NO_LIMITS, NO_TOKENS, Candidate, Outcome
from blogforge_llm.records.tasks import AttemptStatus, Category

_NOT_ASKED = Outcome(AttemptStatus.CANCELLED, Category.CANCELLED, usage=NO_TOKENS)


class Line(Protocol):
    """Where those who wait stand in the order in which they came."""

    def keep(self, for_s: float) -> None:
        """Take a place in what the last refusals were about, or keep it; for so long and a little more."""
        ...

    def leave(self) -> None:
        """Wait no longer, whatever came of it."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a candidate may not be asked now. `message` is shown to people; `opens_in_s` is when it may be, if known.
    `may_wait`: it is worth waiting for, where nobody else can be asked; then `line` keeps a place, and `look_in_s` is
    when to ask again at the latest."""

    category: Category
    message: str
    opens_in_s: float | None = None
    may_wait: bool = False
    look_in_s: float = math.inf
    line: Line | None = None


class Admission(Protocol):
    """Asked before every call, and told how it ended: once for every call it admitted."""

    def may_ask(self, candidate: Candidate) -> Refusal | None: ...

    def report(self, candidate: Candidate, outcome: Outcome) -> None: ...


def is_counted_by_none(candidate: Candidate) -> bool:
    """Whether a call to it meets no limit and no budget: where no circuit stands in the way either, it is let in."""
    has_limits = candidate.account_limits != NO_LIMITS or candidate.model_limits != NO_LIMITS or candidate.has_notice
    return not has_limits and not candidate.has_budgets


class Everyone:
    """Admits all."""

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        return None

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        pass


class Chain:
    """All of them must let a candidate be asked. In this order; the dearest last, since it is not troubled with what an
    earlier one refuses."""

    def __init__(self, *admissions: Admission) -> None:
        self._admissions = admissions

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        for number, admission in enumerate(self._admissions):
            if (refusal := admission.may_ask(candidate)) is not None:
                for earlier in self._admissions[:number]:  # what they gave is given back
                    earlier.report(candidate, _NOT_ASKED)
                return refusal
        return None

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        for admission in self._admissions:
            admission.report(candidate, outcome)
