"""Intervals against published and independently computed figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blogforge_llm.services import distances, intervals


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_s_interval_is_the_published_one(count, of, low, high):
    share = intervals.share(count, of)
    assert (share.low, share.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_share_lies_in_its_interval(count, more):
    share = intervals.share(count, count + more)
    assert 0 <= share.low <= share.high <= 1
    assert share.value is None or share.low <= share.value <= share.high


@pytest.mark.parametrize(("of", "t"), [(5, 2.776), (10, 2.262), (30, 2.045), (1000, 1.962)])
def test_a_mean_s_interval_uses_student_s_quantile(of, t):
    values = [1.0, 3.0] * (of // 2) + [2.0] * (of % 2)
    mean = intervals.mean(of, sum(values), sum(v * v for v in values))
    deviation = (sum((v - 2) ** 2 for v in values) / (of - 1)) ** 0.5
    assert mean.value == pytest.approx(2)
    assert mean.high - mean.value == pytest.approx(t * deviation / of**0.5, rel=4e-3)


def test_few_values_have_a_mean_and_no_interval():
    assert intervals.mean(4, 8.0, 20.0).low is None
    assert intervals.mean(0, 0.0, 0.0).value is None


def test_the_distance_is_the_share_that_changed():
    assert distances.normalised("same", "same") == 0
    assert distances.normalised("kitten", "sitting") == pytest.approx(3 / 7)
    assert distances.normalised("", "all new") == 1
    long = "one two three four five. " * 2_000
    assert 0 < distances.normalised(long, long.replace("three", "3", 100)) < 0.02
