"""The last attempts as marks: each with its tone and its words, and all of them told in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from blogforge_llm.records.registry import Tick
from blogforge_llm.records.tasks import AttemptStatus, Category
from blogforge_llm.web.registry import attempts

AT = datetime(2026, 11, 3, 9, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "category", "tone", "words"),
    [
        (AttemptStatus.SUCCEEDED, None, "success", "answered"),
        (AttemptStatus.RUNNING, None, "accent", "is being asked"),
        (AttemptStatus.FAILED, Category.RATE_LIMIT, "warning", "rate limit"),
        (AttemptStatus.FAILED, Category.TIMEOUT, "danger", "no answer in time"),
        (AttemptStatus.FAILED, None, "danger", "failed"),
        (AttemptStatus.CANCELLED, Category.CANCELLED, "neutral", "stopped"),
        (AttemptStatus.ABANDONED, None, "neutral", "abandoned"),
    ],
)
def test_an_attempt_has_a_tone_and_says_how_and_when_it_ended(
    status: AttemptStatus, category: Category | None, tone: str, words: str
) -> None:
    drawn = attempts.draw([Tick(1, status, category, AT)])
    assert f'class="ticks__tick tone-{tone}" title="{words}, 3 Nov, 09:05:07"' in drawn


def test_every_status_and_category_can_be_drawn() -> None:
    for status in AttemptStatus:
        for category in (None, *Category):
            assert "ticks__tick" in attempts.draw([Tick(1, status, category, AT)])


def test_who_cannot_see_them_is_told_of_all_and_of_the_newest() -> None:
    ticks = [
        Tick(1, AttemptStatus.SUCCEEDED, None, AT), Tick(2, AttemptStatus.FAILED, Category.TIMEOUT, AT),
    ]  # fmt: skip
    label = "2 last attempts, 1 answered; the newest: no answer in time, 3 Nov, 09:05:07"
    assert f'aria-label="{label}"' in attempts.draw(ticks)
    assert "none yet" in attempts.draw([])
