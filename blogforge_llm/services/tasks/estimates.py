"""What a batch will take, before anything is asked: tokens, money, time. A range, from prices and from experience."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine.types import Candidate
from blogforge_llm.records.batches import Estimate
from blogforge_llm.services.registry import candidates

sql = db.load("tasks/items")

ANSWER_TOKENS = 500  # of a template nobody has asked yet, where max_tokens does not say
LONGEST_ANSWER = 4096  # reckoned with for the upper end, where max_tokens does not say
_MILLION = Decimal(1_000_000)


def make(conn: db.Connection, *, batch_id: int, user_id: int, concurrency: int) -> tuple[Estimate, Decimal | None]:
    """The estimate, and what one item takes at most (None where a price is missing). Raises Invalid when nobody can be
    asked."""
    items = prompt = answer = 0
    seconds, slowest = 0.0, 0.0
    low: Decimal | None = Decimal(0)
    high: Decimal | None = Decimal(0)
    dearest: Decimal | None = Decimal(0)
    is_timed = True
    for row in sql.list_asked(conn, batch_id=batch_id):
        asked = candidates.list_for(conn, route_id=row["route_id"], model_id=row["model_id"], user_id=user_id)
        known = sql.get_experience(conn, template_version_id=row["template_version_id"], model_id=asked[0].model_id)
        longest = row["max_tokens"] or LONGEST_ANSWER
        usual = min(round(known["output_tokens"] or ANSWER_TOKENS), longest)
        items, prompt, answer = items + row["items"], prompt + int(row["prompt_tokens"]), answer + usual * row["items"]
        low = _plus(low, _price(asked[:1], int(row["prompt_tokens"]), usual * row["items"]))
        high = _plus(high, _price(asked, int(row["prompt_tokens"]), longest * row["items"]))
        dearest = _most(dearest, _price(asked, row["longest"], longest))
        if known["seconds"] is None:
            is_timed = False
        else:
            seconds += row["items"] * known["seconds"]
            slowest = max(slowest, _at_least_s(asked, row["items"], int(row["prompt_tokens"]) + usual * row["items"]))
    total_s = max(seconds / min(concurrency, items or 1), slowest) if is_timed else None
    return Estimate(items, prompt, answer, low, high, total_s), dearest


def of(stored: dict[str, Any]) -> Estimate:
    """As it was stored."""
    costs = {name: Decimal(stored[name]) for name in ("cost_low", "cost_high") if stored.get(name) is not None}
    return Estimate(**stored | costs)


def _price(asked: Sequence[Candidate], prompt: int, answer: int) -> Decimal | None:
    """With the dearest of them."""
    prices = []
    for candidate in asked:
        if candidate.input_price is None or candidate.output_price is None:
            return None
        prices.append((prompt * candidate.input_price + answer * candidate.output_price) / _MILLION)
    return max(prices)


def _at_least_s(asked: Sequence[Candidate], items: int, tokens: int) -> float:
    """What the limits of who is asked first leave no way around."""
    first = asked[0]
    waits = [0.0]
    for limits in (first.account_limits, first.model_limits):
        if limits.requests_per_minute:
            waits.append(60.0 * (items / limits.requests_per_minute - 1))
        if limits.tokens_per_minute:
            waits.append(60.0 * (tokens / limits.tokens_per_minute - 1))
    return max(waits)


def _plus(total: Decimal | None, more: Decimal | None) -> Decimal | None:
    return None if total is None or more is None else total + more


def _most(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else max(one, other)
