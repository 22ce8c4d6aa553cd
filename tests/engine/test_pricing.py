from __future__ import annotations

from decimal import Decimal

import pytest

from blogforge_llm.engine import pricing
from blogforge_llm.engine.types import NO_TOKENS, Candidate, Message, Usage
from blogforge_llm.records.tasks import Source


def priced(input_price: str | None, output_price: str | None) -> Candidate:
    prices = [None if price is None else Decimal(price) for price in (input_price, output_price)]
    return Candidate(1, "m", 1, "p", "groq", input_price=prices[0], output_price=prices[1])


def test_cost_is_exact() -> None:
    usage = Usage(1234, 567, Source.KNOWN)
    assert pricing.cost(usage, priced("0.59", "0.79")) == (Decimal("0.00117599"), Source.KNOWN)
    assert pricing.cost(Usage(1, 0, Source.KNOWN), priced("0.01", "0")) == (Decimal("1E-8"), Source.KNOWN)


def test_cost_is_as_well_known_as_the_counts() -> None:
    assert pricing.cost(Usage(10, 10, Source.ESTIMATED), priced("1", "1"))[1] is Source.ESTIMATED
    assert pricing.cost(Usage(), priced("1", "1")) == (None, Source.UNKNOWN)
    assert pricing.cost(Usage(10, None), priced("1", "1")) == (None, Source.UNKNOWN)


def test_without_both_prices_the_cost_is_unknown_and_free_is_a_price() -> None:
    usage = Usage(10, 10, Source.KNOWN)
    assert pricing.cost(usage, priced(None, "1")) == pricing.cost(usage, priced("1", None)) == (None, Source.UNKNOWN)
    assert pricing.cost(usage, priced("0", "0")) == (Decimal(0), Source.KNOWN)


def test_a_call_that_was_refused_cost_nothing_whatever_the_prices() -> None:
    assert pricing.cost(NO_TOKENS, priced(None, None)) == (Decimal(0), Source.KNOWN)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("日本語", 3), ("한국어 text", 5), ("Größe", 2), ("😀😀😀😀", 1)],
)
def test_tokens_are_estimated_by_characters_and_cjk_more_densely(text: str, tokens: int) -> None:
    assert pricing.estimate_tokens(text) == tokens


def test_a_prompt_is_estimated_over_all_its_messages() -> None:
    messages = [Message.of("system", "ab"), Message.of("user", "cd")]
    assert pricing.estimate_prompt(messages) == 1
    assert pricing.estimate(messages, "12345678") == Usage(1, 2, Source.ESTIMATED)
