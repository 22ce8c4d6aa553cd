"""Calls that ask a limit, and a clock that is the database's."""

from __future__ import annotations

from dataclasses import replace

from blogforge_llm import db
from blogforge_llm.engine import limits
from blogforge_llm.engine.admission import Refusal
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import NO_TOKENS, Candidate, Limits, Outcome, Parameters, Request, Usage
from blogforge_llm.records.tasks import AttemptStatus, Category, Source
from tests.engine.asking import candidate, request
from tests.provider_standin import Standin

LLAMA = Candidate(7, "llama", 2, "Groq", "groq", key_id=3)
ANSWERED = Outcome(AttemptStatus.SUCCEEDED, usage=Usage(10, 20, Source.KNOWN))
NOT_SENT = Outcome(AttemptStatus.FAILED, Category.CONNECTION, usage=NO_TOKENS)


def limited(model: Candidate = LLAMA, *, of_model: Limits | None = None, **most: int) -> Candidate:
    return replace(model, account_limits=Limits(**most), model_limits=of_model or Limits())


def limiter(tokens: int | None = None, **windows: float) -> Limiter:
    return Limiter(Request((), Parameters(max_tokens=tokens)), **windows)


def admit(asked: Candidate, tokens: int | None = None, **windows: float) -> Limiter | Refusal:
    made = limiter(tokens, **windows)
    return made.may_ask(asked) or made


def admitted(asked: Candidate, tokens: int | None = None) -> Limiter:
    made = admit(asked, tokens)
    assert isinstance(made, Limiter), made
    return made


def refused(asked: Candidate, tokens: int | None = None) -> Refusal:
    made = admit(asked, tokens)
    assert isinstance(made, Refusal)
    return made


def pass_time(seconds: float) -> None:
    """The clock is the database's, so time passes by moving the rows into the past."""
    with db.connection() as conn:
        for statement in (
            "UPDATE limits SET minute_from = minute_from - s, day_from = day_from - s",
            "UPDATE limit_uses SET admitted_at = admitted_at - s, at = at - s, leased_until = leased_until - s",
            "UPDATE limit_notices SET said_at = said_at - s, resets_at = resets_at - s",
        ):
            conn.execute(statement + " FROM (SELECT %s * interval '1 second' AS s) AS shift", (seconds,))


def assert_sums_are_true() -> None:
    with db.connection() as conn:
        rows = conn.execute(
            "SELECT l.name, minute_requests, minute_tokens, day_requests, day_tokens,"
            " count(u) FILTER (WHERE at > minute_from) AS requests,"
            " coalesce(sum(tokens) FILTER (WHERE at > minute_from), 0) AS tokens,"
            " count(u) FILTER (WHERE at > day_from) AS per_day,"
            " coalesce(sum(tokens) FILTER (WHERE at > day_from), 0) AS tokens_per_day"
            " FROM limits l LEFT JOIN limit_uses u ON u.name = l.name GROUP BY l.name"
        ).fetchall()
    for row in rows:
        assert (row["minute_requests"], row["minute_tokens"]) == (row["requests"], row["tokens"]), row
        assert (row["day_requests"], row["day_tokens"]) == (row["per_day"], row["tokens_per_day"]), row


def reached(standin: Standin, name: str = "ok", kind: str = "groq", **most: int) -> Candidate:
    return replace(candidate(standin, name, kind), account_limits=Limits(**most))


def bounded(deadline_s: float = 10.0) -> Request:
    return request(deadline_s=deadline_s)


def clear() -> None:
    limits._running.clear()
    with db.connection() as conn:
        conn.execute("TRUNCATE limits, limit_uses, limit_notices, limit_places")
