"""How far a share or a mean of few cases may be off: 95 % intervals. Knows not what was counted."""

from __future__ import annotations

import math

from blogforge_llm.records.outcomes import Mean, Share

Z = 1.959963984540054  # the normal distribution's quantile of 0.975
FEWEST = 5  # values below which a mean has no interval worth showing


def share(count: int, of: int) -> Share:
    """Wilson's score interval: Wilson (1927), JASA 22, 209-212; recommended for small counts by Brown, Cai and DasGupta
    (2001), Statistical Science 16, 101-133. Without cases it is the whole range."""
    if of <= 0:
        return Share(0, 0, 0.0, 1.0)
    p, z2 = count / of, Z * Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Share(count, of, max(0.0, min(middle - half, p)), min(1.0, max(middle + half, p)))


def mean(of: int, total: float, squares: float) -> Mean:
    """Student's interval, mean ± t·s/√n, from sum and sum of squares; not below 0, as nothing here is negative."""
    if of <= 0:
        return Mean(None, 0, None, None)
    value = total / of
    if of < FEWEST:
        return Mean(value, of, None, None)
    deviation = math.sqrt(max(0.0, squares - total * value) / (of - 1))
    half = _t(of - 1) * deviation / math.sqrt(of)
    return Mean(value, of, max(0.0, value - half), value + half)


def _t(freedom: int) -> float:
    """Student's quantile of 0.975: Abramowitz and Stegun (1964), 26.7.5; within 0.3 % from four degrees on."""
    z = Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))
