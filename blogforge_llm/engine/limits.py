"""How often and how much may be asked: the fallback's Admission over the tables of sql/queries/engine/limits.sql. One
Limiter for one run. Windows slide, and no schedule of any number of processes goes over them, not even by one.

A call counts from its admission on, and leaves a window that long after the latest moment at which the provider can
have counted it. Until it ends it holds an estimate of its tokens. What a provider allows it allows an account: a model
asked with two keys has its limits twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.engine.admission import Refusal
from blogforge_llm.engine.breakers import in_words
from blogforge_llm.engine.types import NO_LIMITS, NO_TOKENS, Candidate, Limits, Notice, Outcome, Request
from blogforge_llm.records.tasks import Category

log = logging.getLogger(__name__)

sql = db.load("engine/limits")

MINUTE_S = 60.0
DAY_S = 86_400.0
LEASE_S = 15.0  # a process that died keeps its calls in flight for so long; the living renew theirs every two seconds
ANSWER_TOKENS = 1024  # reserved for an answer whose length nobody bounded
_LOW_SHARE = 0.1  # of what a provider allows: when less is left, it is written down
_PLACE_S = 2.0  # a place in the line outlasts the look that was announced by so much
_STEP_S, _LONGEST_LOOK_S = 0.05, 0.5  # the first in the line of a limit that ends at any moment looks most often
_MOVES_S = 5.0  # others may leave the line, so a time that counts them is not slept through

_NEVER_SENT = {Category.CONNECTION, Category.ADDRESS_REFUSED, Category.CANCELLED}  # where no tokens were used either

_running: dict[int, float] = {}  # the counted calls of this process, with the length of their lease


def account(candidate: Candidate) -> str:
    """Whose limits they are: a key's, or the provider's where none is used."""
    return f"provider:{candidate.provider_id}" if candidate.key_id is None else f"key:{candidate.key_id}"


def model(candidate: Candidate) -> str:
    """The model as this account may ask it."""
    return f"model:{candidate.model_id}@{account(candidate)}"


def renew_leases() -> None:
    """Called with every heartbeat, apart from its transaction: nobody may wait for these rows for long."""
    if running := dict(_running):
        with db.connection() as conn:
            for lease_s in set(running.values()):
                calls = [call_id for call_id, length in running.items() if length == lease_s]
                sql.renew_leases(conn, call_ids=calls, lease_s=lease_s)


def forget_old(conn: db.Connection) -> None:
    """Upkeep, in a transaction of its own: it holds everybody up."""
    sql.forget_old(conn, minute_s=MINUTE_S, day_s=DAY_S)
    sql.forget_places(conn)


def list_used(conn: db.Connection, *, names: Sequence[str]) -> dict[str, Limits]:
    """By name, what is in each window now; `max_in_flight` is the calls that run."""
    rows = sql.list_used(conn, names=list(names))
    return {row.pop("name"): Limits(**{field: int(value) for field, value in row.items()}) for row in rows}


def list_notices(conn: db.Connection, *, names: Sequence[str]) -> dict[str, list[Notice]]:
    """By name, what providers said is left when it was little."""
    found: dict[str, list[Notice]] = {}
    for row in sql.list_notices(conn, names=list(names)):
        notice = Notice(row["unit"], row["most"], row["remaining"], row["resets_in_s"], refills=False)
        found.setdefault(row["name"], []).append(notice)
    return found


class Limiter:
    """Asks the database only for candidates that have limits, or whose provider said lately that little is left."""

    def __init__(
        self, request: Request, *, minute_s: float = MINUTE_S, day_s: float = DAY_S, lease_s: float = LEASE_S
    ) -> None:
        self._prompt_tokens = pricing.most_prompt(request.messages)
        self._max_tokens = request.parameters.max_tokens
        self._windows = {"minute_s": minute_s, "day_s": day_s, "lease_s": lease_s}
        self._repetition_tokens = 0  # a refused answer is sent back to the model with what was wrong
        self._call_id: int | None = None
        self._ticket: int | None = None
        self._full: dict[str, int] = {}  # what was full at the last look, with the tokens that are needed of it

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        names = self._counted(candidate)
        if not names:
            return None
        prompt, answer = self._prompt_tokens + self._repetition_tokens, self._max_tokens or ANSWER_TOKENS
        smallest = _smallest_window(names)
        if smallest is not None:
            if prompt + (self._max_tokens or 1) > smallest:
                return _too_large(candidate, prompt + (self._max_tokens or 1), smallest)
            answer = min(answer, smallest - prompt)
        most = [value for limits in names.values() for value in astuple(limits)]
        with db.connection() as conn:
            found = sql.admit_call(
                conn, names=list(names), most=most, reserved=prompt + answer, ticket=self._ticket, **self._windows
            )
        if found["call_id"] is None:
            self._full[found["name"]] = prompt + answer
            return self._refusal(candidate, found, names[found["name"]])
        self._call_id = found["call_id"]
        _running[found["call_id"]] = self._windows["lease_s"]
        return None

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        is_repeated = outcome.category is Category.OUTPUT_INVALID
        self._repetition_tokens = 100 + (outcome.usage.output_tokens or 0) if is_repeated else 0
        call_id, self._call_id = self._call_id, None
        try:
            if call_id is not None:
                self._end(call_id, candidate, outcome)
            if low := [notice for notice in outcome.notices if candidate.has_notice or _is_low(notice, outcome)]:
                _keep(candidate, low)
        except db.FAILURES as error:
            # The answer counts more. The lease runs out by itself, and what was reserved stays counted.
            log.warning("the limits of %s were not told: %s", candidate.model_name, error)
        finally:
            if call_id is not None:
                _running.pop(call_id, None)

    def keep(self, for_s: float) -> None:
        full, self._full = self._full, {}
        try:
            with db.connection() as conn:
                self._ticket = sql.keep_places(
                    conn, ticket=self._ticket, names=list(full), reserved=list(full.values()), lease_s=for_s + _PLACE_S
                )
        except db.FAILURES as error:
            log.warning("no place in a line was kept: %s", error)

    def leave(self) -> None:
        ticket, self._ticket, self._full = self._ticket, None, {}
        try:
            if ticket is not None:
                with db.connection() as conn:
                    sql.leave_places(conn, ticket=ticket)
        except db.FAILURES as error:
            log.warning("a place in a line was not given up, and ends by itself: %s", error)

    def _refusal(self, candidate: Candidate, found: dict[str, Any], most: Limits) -> Refusal:
        refusal = _refusal(candidate, found, most)
        look_in_s = min(_STEP_S * (1 + found["ahead"]), _LONGEST_LOOK_S) if refusal.opens_in_s is None else _MOVES_S
        return replace(refusal, look_in_s=look_in_s, line=self)

    def _end(self, call_id: int, candidate: Candidate, outcome: Outcome) -> None:
        usage = outcome.usage
        counts = [count for count in (usage.input_tokens, usage.output_tokens) if count is not None]
        # A provider counts a request when it comes, but tokens perhaps only at the end.
        counts_tokens = any(limits.counts_tokens for limits in (candidate.account_limits, candidate.model_limits))
        with db.connection() as conn:
            sql.end_call(
                conn, call_id=call_id, used=sum(counts) if len(counts) == 2 else None,
                heard_s=0.0 if counts_tokens else outcome.heard_s,
                never_sent=outcome.category in _NEVER_SENT and usage == NO_TOKENS,
            )  # fmt: skip

    def _counted(self, candidate: Candidate) -> dict[str, Limits]:
        names = {}
        if candidate.account_limits != NO_LIMITS:
            names[account(candidate)] = candidate.account_limits
        if candidate.model_limits != NO_LIMITS or candidate.has_notice:
            names[model(candidate)] = candidate.model_limits
        return names


def _smallest_window(names: dict[str, Limits]) -> int | None:
    sizes = [size for limits in names.values() for size in (limits.tokens_per_minute, limits.tokens_per_day)]
    return min((size for size in sizes if size is not None), default=None)


def _too_large(candidate: Candidate, tokens: int, most: int) -> Refusal:
    return Refusal(
        Category.RATE_LIMIT,
        f"The request may take {tokens:,} tokens, and {candidate.model_name} at {candidate.provider_name} may use "
        f"{most:,} at a time by its limits. Shorten the text, lower max_tokens, or choose another model.",
    )


def _refusal(candidate: Candidate, found: dict[str, Any], most: Limits) -> Refusal:
    opens_in_s: float | None = found["opens_in_s"]
    model_at = f"{candidate.model_name} at {candidate.provider_name}"
    who = model_at if found["name"].startswith("model:") else candidate.provider_name
    if found["reason"] == "in flight":
        calls = "1 call" if most.max_in_flight == 1 else f"{most.max_in_flight:,} calls"
        message = f"{who} takes {calls} at a time by its limits, and all are running. Try again in a moment."
    elif found["reason"].startswith("told "):
        message = f"{model_at} says that its {found['reason'][5:]} are used up for now."
    else:
        allowed = getattr(most, found["reason"].replace(" a ", "_per_"))
        message = f"{who} may take {allowed:,} {found['reason']} by its limits, and they are used up."
    if opens_in_s is not None:
        message += f" The next call is possible in {in_words(opens_in_s)}."
    return Refusal(Category.RATE_LIMIT, message, opens_in_s, may_wait=True)


def _is_low(notice: Notice, outcome: Outcome) -> bool:
    """Whether the next call like this one might not be let in."""
    needed = 1
    if notice.unit == "tokens":
        needed = (outcome.usage.input_tokens or 0) + (outcome.usage.output_tokens or 0)
    return notice.remaining < max(2 * needed, _LOW_SHARE * notice.most)


def _keep(candidate: Candidate, notices: Sequence[Notice]) -> None:
    with db.transaction() as conn:
        for notice in notices:
            sql.keep_notice(
                conn, name=model(candidate), unit=notice.unit, most=notice.most, remaining=notice.remaining,
                resets_in_s=min(notice.resets_in_s, DAY_S), refills=notice.refills,
            )  # fmt: skip
