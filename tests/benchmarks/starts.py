"""How long a start takes once everything is installed."""

from __future__ import annotations

import time
from pathlib import Path

from tests.benchmarks.numbers import Number
from tests.installation import Installation


def measure(data_dir: Path) -> list[Number]:
    values = []
    for _ in range(5):
        begun = time.monotonic()
        with Installation(data_dir):
            values.append((time.monotonic() - begun) * 1000)
    return [Number("a second start, to a page that answers", values, 3000)]
