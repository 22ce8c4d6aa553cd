"""Calls that end as they are told, and a clock that is the database's."""

from __future__ import annotations

import uuid
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine.admission import Refusal
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.types import Candidate, Outcome
from blogforge_llm.records.tasks import AttemptStatus, Category

LLAMA = Candidate(7, "llama", 2, "Groq", "groq", key_id=3)
LLAMA_OTHER_KEY = Candidate(7, "llama", 2, "Groq", "groq", key_id=4)
GEMMA = Candidate(8, "gemma", 2, "Groq", "groq", key_id=3)
ECHO = Candidate(9, "echo", 5, "Echo", "llm")
OK = Outcome(AttemptStatus.SUCCEEDED)


def failed(category: Category, retry_after_s: float | None = None) -> Outcome:
    status = AttemptStatus.CANCELLED if category is Category.CANCELLED else AttemptStatus.FAILED
    return Outcome(status, category, retry_after_s=retry_after_s)


def run(*candidates: Candidate, **options: Any) -> Breakers:
    return Breakers(candidates or (LLAMA,), uuid.uuid4(), **options)


def attempt(outcome: Outcome, asked: Candidate = LLAMA, **options: Any) -> Refusal | None:
    """One call of a run of its own that ends so; the refusal when it was not let through."""
    breaker = run(asked, **options)
    refusal = breaker.may_ask(asked)
    if refusal is None:
        breaker.report(asked, outcome)
    return refusal


def refused(asked: Candidate = LLAMA) -> Refusal | None:
    """Whether it would be asked; a lease that was got is given back."""
    return attempt(failed(Category.CANCELLED), asked)


def row(name: str = "model:7") -> dict[str, Any] | None:
    with db.connection() as conn:
        return conn.execute("SELECT * FROM circuits WHERE name = %s", (name,)).fetchone()


def states() -> dict[str, str]:
    with db.connection() as conn:
        return {row["name"]: row["state"] for row in conn.execute("SELECT name, state FROM circuits")}


def pass_time(seconds: float) -> None:
    """The clock is the database's, so time passes by moving the rows into the past."""
    with db.connection() as conn:
        conn.execute(
            "UPDATE circuits SET since = since - s, until = until - s, held_until = held_until - s "
            "FROM (SELECT %s * interval '1 second' AS s) AS shift",
            (seconds,),
        )
