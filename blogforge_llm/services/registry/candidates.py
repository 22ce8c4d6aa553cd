"""From a route or a model to the candidates the engine may ask, keys included. The only place that reads secrets."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine import breakers
from blogforge_llm.engine.admission import Refusal
from blogforge_llm.engine.types import Candidate, Limits, Price
from blogforge_llm.errors import Missing, NotFound, Unfit
from blogforge_llm.records.registry import ProviderKind
from blogforge_llm.services.registry import address_policy, encryption
from blogforge_llm.services.tasks import wording

sql = db.load("registry/candidates")

FIRST_TOKEN_S = 10.0
FIRST_TOKEN_LOCAL_S = 120.0  # a local server loads the model into memory first
IDLE_S = 10.0
IDLE_LOCAL_S = 60.0


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read, when the registry had this mark: it was read before, so nothing is ever taken for newer than it
    is."""

    mark: int | None
    until: float  # time.monotonic()
    forbids_private: bool | None  # as address_policy.follow takes it
    candidates: list[Candidate]


_known: dict[tuple[int | None, int | None, int | None], _Known] = {}  # by route or model, and user
_NOTICED_S = 1.0
_KNOWN_MOST = 500


def list_for(
    conn: db.Connection,
    *,
    route_id: int | None = None,
    model_id: int | None = None,
    user_id: int | None = None,
    mark: int | None = None,
) -> list[Candidate]:
    """Whom to ask, in order: the model alone, else the route, else the default route. A model comes once with each key
    it can be asked with, the user's own before the shared ones. Raises Invalid saying what to do when nobody can be
    asked.

    They are read anew only after something of them changed; `mark` is the registry's, from who read it with other
    things.
    """
    if mark is None:
        mark = get_mark(conn)
    asked_for = (route_id if model_id is None else None, model_id, user_id)
    known = _known.get(asked_for)
    if known is None or known.mark != mark or time.monotonic() > known.until:
        forbids_private, found = _read(conn, route_id=route_id, model_id=model_id, user_id=user_id)
        # What a provider said of its limits lapses without a mark.
        until = time.monotonic() + _NOTICED_S if any(candidate.has_notice for candidate in found) else math.inf
        if len(_known) >= _KNOWN_MOST:
            _known.clear()
        known = _known[asked_for] = _Known(mark, until, forbids_private, found)
    # Each time: it holds for the process, and somebody may have followed a setting that was taken back.
    address_policy.follow(known.forbids_private)
    return list(known.candidates)


def get_mark(conn: db.Connection) -> int | None:
    """While it is the same, nothing that decides who is asked has changed. None: it never did."""
    mark: int | None = sql.get_mark(conn)
    return mark


def _read(
    conn: db.Connection, *, route_id: int | None, model_id: int | None, user_id: int | None
) -> tuple[bool | None, list[Candidate]]:
    """Whom to ask, and whether private addresses are forbidden, as it was set."""
    if model_id is not None:
        rows = list(sql.list_for_model(conn, model_id=model_id, user_id=user_id))
        found = _able(rows)
    else:
        route_ids = None if route_id is None else [route_id]
        rows = list(sql.list_for_routes(conn, route_ids=route_ids, user_id=user_id))
        found = _of_route(conn, rows, route_id)
    return rows[0]["forbids_private"], found


def _of_route(conn: db.Connection, rows: list[dict[str, Any]], route_id: int | None) -> list[Candidate]:
    if not rows and route_id is None:
        raise Unfit(_what_is_missing(conn))
    if not rows:
        raise Unfit("The route was archived. Choose another one under LLM, Routes.")
    name = rows[0]["route_name"]
    if rows[0]["model_id"] is None:
        raise Unfit(f"The route {name} has no models. Add one under LLM, Routes.")
    problems = [_problem(row) for row in rows]
    if all(problems):
        # The first one is whom the route would have asked.
        raise Unfit(f"The route {name} has no model that can be asked. {problems[0]}")
    return [_with_key(row) for row, problem in zip(rows, problems, strict=True) if problem is None]


def for_provider(conn: db.Connection, *, provider_id: int, user_id: int | None = None) -> Candidate:
    """The provider without a model, for asking what models it has. Raises NotFound, or Invalid without its key."""
    rows = list(sql.list_for_provider(conn, provider_id=provider_id, user_id=user_id))
    if not rows or rows[0]["provider_archived_at"] is not None:
        raise NotFound("There is no such provider. It may have been archived.")
    return _able(rows)[0]


def is_offered(conn: db.Connection, candidate: Candidate) -> bool:
    """Whether it, chosen a while ago, would still be chosen: nobody took model, provider or key out of use."""
    return bool(sql.is_offered(conn, model_id=candidate.model_id, key_id=candidate.key_id))


def list_problems(
    conn: db.Connection, *, route_ids: Sequence[int], user_id: int | None = None
) -> dict[int, dict[int, str]]:
    """For each route, why models of it would be passed over right now, by model id: it cannot be asked, or it rests
    with each of its keys."""
    rows = [
        row
        for row in sql.list_for_routes(conn, route_ids=list(route_ids), user_id=user_id)
        if row["model_id"] is not None
    ]
    resting = list_resting(conn, candidates=[_candidate(row, api_key=None) for row in rows])
    reasons: dict[tuple[int, int], list[str | None]] = {}
    for row, rests in zip(rows, resting, strict=True):
        reasons.setdefault((row["route_id"], row["model_id"]), []).append(_problem(row) or rests)
    problems: dict[int, dict[int, str]] = {route_id: {} for route_id in route_ids}
    for (route_id, model_id), found in reasons.items():
        if found[0] and all(found):
            problems[route_id][model_id] = found[0]
    return problems


def list_resting(conn: db.Connection, *, candidates: Sequence[Candidate]) -> list[str | None]:
    """Why the circuits would not let each of them be asked right now; None for those that would be."""
    refusals = breakers.list_refusals(conn, candidates)
    return [_rests(*pair) for pair in zip(candidates, refusals, strict=True)]


def _rests(candidate: Candidate, refusal: Refusal | None) -> str | None:
    if refusal is None or refusal.opens_in_s is None:
        return refusal.message if refusal else None
    rests = f"{candidate.model_name} on {candidate.provider_name} rests ({wording.PHRASES[refusal.category]})"
    if refusal.opens_in_s <= 0:
        return f"{rests}; one call is trying it now."
    return f"{rests} and is tried again in {breakers.in_words(refusal.opens_in_s)}."


def _able(rows: list[dict[str, Any]]) -> list[Candidate]:
    """One model with each of its keys."""
    if not rows:
        raise Missing("There is no such model. Choose another one under LLM, Models.")
    problem = _problem(rows[0])
    if problem is not None:
        raise Unfit(problem)
    return [_with_key(row) for row in rows]


def _problem(row: dict[str, Any]) -> str | None:
    """Why this model cannot be asked, and what to do; None when it can."""
    model, provider = row["model_name"], row["provider_name"]
    if row["provider_archived_at"] is not None:
        return f"The provider {provider} was archived. Choose another model."
    if row["archived_at"] is not None:
        return f"The model {model} was archived. Choose another one under LLM, Models."
    if not row["provider_is_enabled"]:
        return f"The provider {provider} is disabled. Enable it under LLM, Providers."
    if not row["is_enabled"]:
        return f"The model {model} is disabled. Enable it under LLM, Models."
    if row["ciphertext"] is None and not _needs_no_key(row):
        return f"{provider} has no API key. Add one under LLM, Providers, {provider}."
    return None


def _needs_no_key(row: dict[str, Any]) -> bool:
    """Local servers ask for none, and of llm's plugins each says for itself when it is asked."""
    is_local_server = row["kind"] == ProviderKind.OPENAI_COMPATIBLE and bool(row["is_local"])
    return is_local_server or row["kind"] == ProviderKind.LLM


def _with_key(row: dict[str, Any]) -> Candidate:
    address_policy.follow(row["forbids_private"])
    return _candidate(row, api_key=None if row["ciphertext"] is None else encryption.decrypt(row["ciphertext"]))


def _candidate(row: dict[str, Any], *, api_key: str | None) -> Candidate:
    first_token_s, idle_s = (FIRST_TOKEN_LOCAL_S, IDLE_LOCAL_S) if row["is_local"] else (FIRST_TOKEN_S, IDLE_S)
    return Candidate(
        model_id=row["model_id"],
        model_name=row["model_name"],
        provider_id=row["provider_id"],
        provider_name=row["provider_name"],
        kind=row["kind"],
        base_url=row["base_url"],
        key_id=row["key_id"],
        api_key=api_key,
        context_window=row["context_window"],
        input_price=row["input_price"],
        output_price=row["output_price"],
        streams=row["streams"],
        refused_parameters=frozenset(row["refused_parameters"]),
        first_token_timeout_s=float(row["first_token_timeout_s"] or first_token_s),
        idle_timeout_s=float(row["idle_timeout_s"] or idle_s),
        account_limits=Limits(*row["account_limits"]),
        model_limits=Limits(*row["model_limits"]),
        has_notice=row["has_notice"],
        is_held_back=row["is_held_back"],
        later_prices=tuple(_price(*said) for said in row["later_prices"] or ()),
        max_output_tokens=row["max_output_tokens"],
        has_budgets=row["has_budgets"],
    )


def _price(valid_from: str, input_price: str | None, output_price: str | None) -> Price:
    """From JSON, with the numbers as texts: none of their digits is lost."""
    paid, earned = (None if text is None else Decimal(text) for text in (input_price, output_price))
    return Price(datetime.fromisoformat(valid_from), paid, earned)


def _what_is_missing(conn: db.Connection) -> str:
    if not sql.has_models(conn):
        return "Connect a model first: under LLM, Providers, choose Connect a model."
    return "No route is the default. Choose one under LLM, Routes, or name a route or a model."
