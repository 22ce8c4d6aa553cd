"""What may be spent: the fallback's Admission over budgets, asked before every call. One Budgets for one run.

Before a call the most it may cost is held, and no schedule of any number of processes holds and spends more than a
budget has. The hold goes in the transaction that writes the attempt's end, which books what the call really cost
(migration 0011), so a call counts at every moment: as its hold, or as its cost. Over a budget goes only what the
estimate could not know; docs/money.md says what that is.
"""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any
from uuid import UUID

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.engine.fallback import Refusal
from blogforge_llm.engine.types import Candidate, Outcome, Request
from blogforge_llm.records.tasks import AttemptStatus, Category

log = logging.getLogger(__name__)

sql = db.load("engine/budgets")

ANSWER_TOKENS = 4096  # held for an answer whose length nobody bounded
_MARGIN_S = 60.0  # beyond the deadline: an end may have to wait for the database

_OF_SCOPE = {
    "instance": "The budget of this installation",
    "each_user": "Your budget",
    "user": "Your budget",
    "batch": "The budget of this batch",
}
_OF_PERIOD = {"day": "today (UTC)", "month": "this month (UTC)", "ever": "all time"}


def forget_old(conn: db.Connection) -> None:
    """Upkeep."""
    sql.forget_old(conn)


class Budgets:
    """Asks the database only where somebody set a budget and the model is not free. Who pays stands on the task; a run
    asks one call at a time."""

    def __init__(self, request: Request, *, task_id: int, run_id: UUID) -> None:
        self._prompt_tokens = pricing.most_prompt(request.messages)
        self._max_tokens = request.parameters.max_tokens
        self._lasts_s = request.deadline_s + _MARGIN_S
        self._task_id, self._run_id = task_id, run_id
        self._repetition_tokens = 0  # a refused answer is sent back to the model with what was wrong
        self._looks = 0
        self._holds = False

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        self._looks += 1
        if self._looks == 1 and not candidate.has_budgets:  # the candidate was read a moment ago
            return None
        most = self._most(candidate)
        if most == 0:  # free: it fits any budget, a spent one too
            return None
        with db.connection() as conn:
            found = sql.admit_spend(conn, task_id=self._task_id, run_id=self._run_id, most=most, lasts_s=self._lasts_s)
        self._holds = found is None
        return None if found is None else _refusal(candidate, found, most)

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        is_repeated = outcome.category is Category.OUTPUT_INVALID
        self._repetition_tokens = 100 + (outcome.usage.output_tokens or 0) if is_repeated else 0
        holds, self._holds = self._holds, False
        # The end of an attempt takes the hold along. A cancelled call may never have been one.
        if not holds or outcome.status is not AttemptStatus.CANCELLED:
            return
        try:
            with db.connection() as conn:
                sql.release(conn, run_id=self._run_id)
        except db.FAILURES as error:
            log.warning("what was held for task %s stays so until its deadline: %s", self._task_id, error)

    def _most(self, candidate: Candidate) -> Decimal | None:
        """None when the price is not known."""
        answer = self._max_tokens or min(ANSWER_TOKENS, candidate.max_output_tokens or ANSWER_TOKENS)
        return pricing.most(candidate, self._prompt_tokens + self._repetition_tokens, answer)


def _refusal(candidate: Candidate, found: dict[str, Any], most: Decimal | None) -> Refusal:
    whose, period = _OF_SCOPE[found["scope"]], _OF_PERIOD[found["period"]]
    left = found["amount"] - found["spent"]
    message = f"{whose} for {period}, {usd(found['amount'])}, "
    if left <= 0:
        message += "is used up."
    elif most is None:
        message += f"lets nobody ask models without a price, and {candidate.model_name} has none."
    else:
        message += f"has {usd(left)} left"
        message += f", {usd(found['held'])} of it held by calls that run," if found["held"] else ","
        message += f" and a call to {candidate.model_name} may cost {usd(most)}."
    can_come = most is not None and found["spent"] + most <= found["amount"]
    return Refusal(Category.BUDGET_EXCEEDED, f"{message} {_advice(found, most, left)}", may_wait=can_come)


def _advice(found: dict[str, Any], most: Decimal | None, left: Decimal) -> str:
    who = "whoever started the batch" if found["scope"] == "batch" else "an admin"
    if most is None and left > 0:
        return f"Choose another model, or ask {who} to give it a price."
    renewal = {"day": ", or wait until tomorrow", "month": ", or wait until next month"}.get(found["period"], "")
    return f"Ask {who} to raise it{renewal}."


def usd(amount: Decimal) -> str:
    """Exact enough to tell small amounts: $12.50, $0.0031."""
    digits = 2 if amount >= 1 or amount <= 0 else max(2, 1 - amount.adjusted())
    return f"${amount:,.{min(digits, 9)}f}"
