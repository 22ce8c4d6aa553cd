"""Small pictures of many numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape


def spark(values: Sequence[Any], label: str, series: Any = 1) -> Markup:
    """A line of numbers with a label that says what they show."""
    top, last = max(values) or 1, len(values) - 1 or 1
    points = " ".join(
        f"{round(100 * at / last, 2)},{round(30 - 28 * value / top, 2)}" for at, value in enumerate(values)
    )
    return Markup(
        f'<svg class="spark series-{escape(series)}" viewBox="0 0 100 32" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"><polygon class="chart__area" points="0,32 {points} 100,32"></polygon>'
        f'<polyline class="chart__line" points="{points}"></polyline></svg>'
    )


def columns(items: Sequence[tuple[Any, str]], label: str, series: Any = 1) -> Markup:
    """A bar for each of many numbers, side by side; items are (number, words). The tallest fills the height."""
    top, width = max((float(value) for value, _ in items), default=0.0) or 1.0, 600 / (len(items) or 1)
    bars = []
    for at, (value, words) in enumerate(items):
        height = round(112 * (float(value) / top), 1)
        bars.append(
            f'<rect class="chart__bar" x="{round(at * width + width * 0.12, 2)}" y="{119 - height}" '
            f'width="{round(width * 0.76, 2)}" height="{height}"><title>{escape(words)}</title></rect>'
        )
    return Markup(
        f'<svg class="chart chart--columns series-{escape(series)}" viewBox="0 0 600 120" preserveAspectRatio="none" '
        f'role="img" aria-label="{escape(label)}">'
        f'<line class="chart__axis" x1="0" y1="119.5" x2="600" y2="119.5"></line>{"".join(bars)}</svg>'
    )


def ticks(items: Sequence[tuple[str, str]], label: str) -> Markup:
    """The last results as coloured marks; items are (tone, words), newest last."""
    marks = "".join(
        f'<span class="ticks__tick tone-{escape(tone)}" title="{escape(words)}"></span>' for tone, words in items
    )
    return Markup(f'<span class="ticks" role="img" aria-label="{escape(label)}">{marks}</span>')
