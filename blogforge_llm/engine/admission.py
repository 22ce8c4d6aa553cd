"""Several admissions as one: circuits, limits, budgets. A candidate is asked when all of them let it."""

from __future__ import annotations

from blogforge_llm.engine.fallback import Admission, Refusal
from blogforge_llm.engine.types import NO_TOKENS, Candidate, Outcome
from blogforge_llm.records.tasks import AttemptStatus, Category

_NOT_ASKED = Outcome(AttemptStatus.CANCELLED, Category.CANCELLED, usage=NO_TOKENS)


class Chain:
    """In this order; the dearest last, since it is not troubled with what an earlier one refuses."""

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
