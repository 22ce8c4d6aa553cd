"""Headers as providers send them, and as they should not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from blogforge_llm.engine import notices
from blogforge_llm.engine.types import Notice
from tests.engine.asking import KINDS, ask, candidate
from tests.provider_standin import Standin

GROQ = {
    "retry-after": "2",
    "x-ratelimit-limit-requests": "14400", "x-ratelimit-limit-tokens": "18000",
    "x-ratelimit-remaining-requests": "14370", "x-ratelimit-remaining-tokens": "17997",
    "x-ratelimit-reset-requests": "2m59.56s", "x-ratelimit-reset-tokens": "7.66s",
}  # fmt: skip
CEREBRAS = {
    "x-ratelimit-limit-requests-day": "1000000000", "x-ratelimit-limit-tokens-minute": "1000000000",
    "x-ratelimit-remaining-requests-day": "999997", "x-ratelimit-remaining-tokens-minute": "99997",
    "x-ratelimit-reset-requests-day": "33011.382867", "x-ratelimit-reset-tokens-minute": "11.382867",
}  # fmt: skip


def test_groq_and_openai_tell_a_bucket_that_refills() -> None:
    assert notices.read(GROQ) == (
        Notice("requests", 14400, 14370, pytest.approx(179.56), refills=True),
        Notice("tokens", 18000, 17997, pytest.approx(7.66), refills=True),
    )


def test_cerebras_names_its_windows() -> None:
    assert notices.read(CEREBRAS) == (
        Notice("requests", 1_000_000_000, 999_997, pytest.approx(33011.382867), refills=False),
        Notice("tokens", 1_000_000_000, 99_997, pytest.approx(11.382867), refills=False),
    )


def test_of_two_windows_the_one_with_less_left_counts() -> None:
    headers = {
        f"x-ratelimit-{what}-requests-{window}": value
        for window, values in {"minute": ("30", "3", "9"), "day": ("900", "0", "500")}.items()
        for what, value in zip(("limit", "remaining", "reset"), values, strict=True)
    }
    assert notices.read(headers) == (Notice("requests", 900, 0, 500.0, refills=False),)


@pytest.mark.parametrize("reset", ["", "soon", "1.2.3s", "7s!", "s", "2026-11-21T10:00:00Z", "nan", "-1s"])
def test_what_cannot_be_read_is_left_out(reset: str) -> None:
    assert notices.read(GROQ | {"x-ratelimit-reset-requests": reset})[0].unit == "tokens"


@pytest.mark.parametrize("value", ["", "many", "nan", "inf", "1e400"])
def test_counts_that_are_none_are_left_out(value: str) -> None:
    assert notices.read(GROQ | {"x-ratelimit-remaining-requests": value})[0].unit == "tokens"


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("kind", KINDS)
def test_they_come_with_the_outcome_of_every_kind(standin: Standin, kind: str, streaming: bool) -> None:
    answered = ask([candidate(standin, "limited:9;tell", kind)], streaming=streaming)
    (outcome,) = answered.notes.outcomes
    (notice,) = outcome.notices
    assert (notice.unit, notice.most, notice.remaining) == ("requests", 9, 8)


def test_anthropics_names_are_read_and_the_scarcer_kind_of_tokens_counts() -> None:
    in_a_minute = (datetime.now(UTC) + timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "0"}
    for name, remaining in (("input-tokens", "30000"), ("output-tokens", "400")):
        headers[f"anthropic-ratelimit-{name}-limit"] = "40000"
        headers[f"anthropic-ratelimit-{name}-remaining"] = remaining
        headers[f"anthropic-ratelimit-{name}-reset"] = in_a_minute
    headers["anthropic-ratelimit-requests-reset"] = in_a_minute
    found = {notice.unit: notice for notice in notices.read(headers)}
    assert (found["requests"].most, found["requests"].remaining, found["requests"].refills) == (50, 0, True)
    assert found["tokens"].remaining == 400
    assert 55 < found["tokens"].resets_in_s <= 60


@pytest.mark.parametrize("reset", ["", "soon", "2026-01-01T00:00:00"])
def test_an_anthropic_reset_that_is_no_moment_is_no_notice(reset: str) -> None:
    names = {"limit": "50", "remaining": "0", "reset": reset}
    assert notices.read({f"anthropic-ratelimit-requests-{name}": value for name, value in names.items()}) == ()
