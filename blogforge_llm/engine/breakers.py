"""Who is asked for now: the fallback's Admission over circuits.py. One Breakers for one run.

A healthy call costs one small read: its success is not written. A failure opens the circuit it speaks of; when the
cool-down has passed, one call at a time is let through to try.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from blogforge_llm import db
from blogforge_llm.engine import circuits
from blogforge_llm.engine.admission import Refusal
from blogforge_llm.engine.categories import POLICIES, Circuit
from blogforge_llm.engine.circuits import Cooldown, HeldBack
from blogforge_llm.engine.provider_errors import LONGEST_RETRY_AFTER_S
from blogforge_llm.engine.types import Candidate, Outcome
from blogforge_llm.records.tasks import AttemptStatus, Category

log = logging.getLogger(__name__)

OUTAGE = Cooldown(5.0, 15.0)
BROKEN = Cooldown(3600.0, 6 * 3600.0)  # dead keys, models that are not there, spent quotas
LIMITED = Cooldown(5.0, 60.0)  # a rate limit that does not say for how long

# Failures after an answer, or a refusal of what was asked: the model is there.
_ALIVE = {Category.CONTEXT_LENGTH, Category.INVALID_REQUEST, Category.CONTENT_FILTER, Category.OUTPUT_INVALID}

_NOBODY = UUID(int=0)
_probing: set[UUID] = set()  # the runs of this process whose call is a probe


def renew_leases(conn: db.Connection) -> None:
    """Called with every heartbeat: a long answer keeps its lease, a dead prober loses it."""
    if holders := list(_probing):
        circuits.renew(conn, holders=holders)


def list_refusals(conn: db.Connection, candidates: Sequence[Candidate]) -> list[Refusal | None]:
    """What each candidate would be told right now, without asking: None for who may be asked."""
    names = {name for candidate in candidates for name in circuits.names(candidate)}
    found = circuits.list_held_back(conn, names=sorted(names), holder=_NOBODY)
    return [_first_refusal(candidate, found) for candidate in candidates]


class Breakers:
    """`holder` names the run. With `is_test` every call is let through and its success is believed: somebody looks."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        holder: UUID,
        *,
        is_test: bool = False,
        is_clear: bool = False,
        outage: Cooldown = OUTAGE,
        broken: Cooldown = BROKEN,
        lease_s: float = circuits.LEASE_S,
    ) -> None:
        self._names = sorted({name for candidate in candidates for name in circuits.names(candidate)})
        self._holder = holder
        self._is_test = is_test
        self._outage, self._broken, self._lease_s = outage, broken, lease_s
        # What the last read said; void after a call. `is_clear`: somebody read for several runs that all are closed.
        self._seen: dict[str, HeldBack] | None = {} if is_clear else None
        self._held: list[str] = []
        self._began = 0.0

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        try:
            refusal = None if self._is_test else self._admit(candidate)
        except db.FAILURES as error:
            # Better a call too many than none: the attempt's own row needs the database anyway.
            log.warning("asking %s without looking at its circuit: %s", candidate.model_name, error)
            refusal = None
        self._began = time.monotonic()
        return refusal

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        call_s = time.monotonic() - self._began
        try:
            self._move(candidate, outcome, call_s)
        except db.FAILURES as error:
            # The answer counts more than what it says about the circuit; a probe's lease runs out by itself.
            log.warning("the circuit of %s was not told: %s", candidate.model_name, error)
        finally:
            _probing.discard(self._holder)
            self._held = []
            self._seen = None

    def _admit(self, candidate: Candidate) -> Refusal | None:
        found = self._look()
        if refusal := _first_refusal(candidate, found):
            return refusal
        held_back = [found[name] for name in circuits.names(candidate) if name in found]
        if over := [circuit.name for circuit in held_back if circuit.is_over]:
            with db.transaction() as conn:
                circuits.close(conn, names=over, holder=self._holder)
        if due := [circuit for circuit in held_back if not circuit.is_over]:
            return self._probe(candidate, due)
        return None

    def _look(self) -> dict[str, HeldBack]:
        """One read for all candidates of the run, until one of them has been asked."""
        if self._seen is None:
            with db.connection() as conn:
                self._seen = circuits.list_held_back(conn, names=self._names, holder=self._holder)
        return self._seen

    def _probe(self, candidate: Candidate, due: list[HeldBack]) -> Refusal | None:
        names = [circuit.name for circuit in due]
        with db.transaction() as conn:
            if not circuits.lease(conn, names=names, holder=self._holder, lease_s=self._lease_s):
                return _refusal(candidate, due[0])
        self._held = names
        _probing.add(self._holder)
        return None

    def _move(self, candidate: Candidate, outcome: Outcome, call_s: float) -> None:
        works = outcome.status is AttemptStatus.SUCCEEDED or outcome.category in _ALIVE
        circuit = POLICIES[outcome.category].circuit if outcome.category else Circuit.NONE
        if works and (self._held or self._is_test):
            names = circuits.names(candidate) if self._is_test else self._held
            with db.transaction() as conn:
                circuits.close(conn, names=names, holder=self._holder, is_certain=self._is_test)
        elif circuit is not Circuit.NONE:
            self._open(candidate, outcome, circuit, call_s)
        elif self._held:
            with db.transaction() as conn:
                circuits.release(conn, names=self._held, holder=self._holder)

    def _open(self, candidate: Candidate, outcome: Outcome, circuit: Circuit, call_s: float) -> None:
        assert outcome.category is not None
        name = _blamed(candidate, outcome.category)
        asked_s = min(outcome.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
        if circuit is Circuit.COUNTS:
            cooldown, at_least_s = self._outage, min(asked_s, self._outage.cap_s)
        elif circuit is Circuit.COOLS:
            cooldown, at_least_s = (Cooldown(asked_s, asked_s) if asked_s else LIMITED), 0.0
        else:
            cooldown, at_least_s = self._broken, asked_s
        with db.transaction() as conn:
            circuits.open_(
                conn, name=name, holder=self._holder, category=outcome.category, cooldown=cooldown,
                at_least_s=at_least_s, call_s=call_s, is_lasting=circuit is not Circuit.COUNTS,
            )  # fmt: skip
            if others := [held for held in self._held if held != name]:
                circuits.release(conn, names=others, holder=self._holder)


def _blamed(candidate: Candidate, category: Category) -> str:
    """The circuit a failure speaks of."""
    if category in (Category.AUTHENTICATION, Category.QUOTA_EXHAUSTED):
        return circuits.account(candidate)
    if category in (Category.PERMISSION, Category.RATE_LIMIT):
        return circuits.model_of_account(candidate)
    return circuits.model(candidate)


def _first_refusal(candidate: Candidate, found: Mapping[str, HeldBack]) -> Refusal | None:
    for name in circuits.names(candidate):
        if (circuit := found.get(name)) and not (circuit.is_over or circuit.is_due):
            return _refusal(candidate, circuit)
    return None


def _refusal(candidate: Candidate, circuit: HeldBack) -> Refusal:
    who = {"model": candidate.model_name, "provider": candidate.provider_name}
    if circuit.is_by_hand or circuit.category is None:
        note = f" ({circuit.note})" if circuit.note else ""
        message = "An admin has stopped the calls to {model} at {provider}".format(**who) + f"{note}."
        return Refusal(Category.OVERLOADED, f"{message} It is asked again when an admin allows it.")
    advice = POLICIES[circuit.category].advice.format(**who)
    return Refusal(circuit.category, f"{advice} {_when(circuit)}", circuit.opens_in_s)


def _when(circuit: HeldBack) -> str:
    """When the next call is let through, as a sentence."""
    if circuit.state == "half_open" or circuit.is_due:
        return "One call is trying right now whether it works again."
    if circuit.opens_in_s is None:
        return "It is asked again when an admin allows it."
    return f"It is tried again in {in_words(circuit.opens_in_s)}."


def in_words(seconds: float) -> str:
    """About how long: 4 seconds, 3 minutes, 2 hours; at least one second."""
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}s"
    whole = max(1, round(seconds))
    return f"{whole} second{'' if whole == 1 else 's'}"
