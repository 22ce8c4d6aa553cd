"""What a call cost, and how well that is known. Exact: nothing is rounded here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from blogforge_llm.engine.types import Candidate, Message, Usage
from blogforge_llm.records.tasks import Source

_MILLION = Decimal(1_000_000)
# Han, kana and Hangul: written without spaces and close to one token per character in current tokenizers.
_DENSE = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]")
_CHARACTERS_PER_TOKEN = (
    4  # OpenAI's rule of thumb for English (help.openai.com, "What are tokens and how to count them")
)


def priced_at(candidate: Candidate, moment: datetime) -> Candidate:
    """The candidate with the price that holds at that moment."""
    begun = [price for price in candidate.later_prices if price.valid_from <= moment]
    if not begun:
        return candidate
    last = begun[-1]
    return replace(
        candidate, input_price=last.input_price, output_price=last.output_price,
        later_prices=candidate.later_prices[len(begun) :],
    )  # fmt: skip


def most_prompt(messages: Sequence[Message]) -> int:
    """A prompt's tokens, on the safe side of the estimate, with what frames each message."""
    return math.ceil(1.2 * estimate_prompt(messages)) + 8 * len(messages)


def most(candidate: Candidate, prompt_tokens: int, answer_tokens: int) -> Decimal | None:
    """USD that such a call may cost; None when a price is not known."""
    return cost(Usage(prompt_tokens, answer_tokens, Source.ESTIMATED), candidate)[0]


def cost(usage: Usage, candidate: Candidate) -> tuple[Decimal | None, Source]:
    """USD. Unknown without both prices or both counts; as well known as the counts otherwise."""
    if usage.input_tokens == 0 and usage.output_tokens == 0:
        return Decimal(0), usage.source
    if usage.input_tokens is None or usage.output_tokens is None:
        return None, Source.UNKNOWN
    if candidate.input_price is None or candidate.output_price is None:
        return None, Source.UNKNOWN
    total = usage.input_tokens * candidate.input_price + usage.output_tokens * candidate.output_price
    return total / _MILLION, usage.source


def estimate(messages: Iterable[Message], answer: str) -> Usage:
    """For an answer whose provider did not tell its counts."""
    return Usage(estimate_prompt(messages), estimate_tokens(answer), Source.ESTIMATED)


def estimate_prompt(messages: Iterable[Message]) -> int:
    """The messages' texts together; the few tokens that frame each message are left out."""
    return estimate_tokens("".join(message.text for message in messages))


def estimate_tokens(text: str) -> int:
    """Four characters to a token, one for Chinese, Japanese and Korean. Right within a fifth or so for prose."""
    dense = 0 if text.isascii() else len(_DENSE.findall(text))
    return math.ceil((len(text) - dense) / _CHARACTERS_PER_TOKEN) + dense
