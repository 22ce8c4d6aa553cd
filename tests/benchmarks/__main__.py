"""`make bench`: run all, print a table, and say plainly what misses its target."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import articles, batches, breakers, clicks, gateway, overhead, pages, starts
from tests.benchmarks.numbers import Number
from tests.installation import Installation
from tests.provider_standin import Standin


def main() -> int:
    numbers: list[Number] = []
    with tempfile.TemporaryDirectory() as folder:
        with Installation(Path(folder) / "data") as installation, Standin() as standin:
            numbers += clicks.measure(installation, standin)
            numbers += gateway.measure(installation, standin)
            numbers += batches.measure(installation, standin)
        numbers += starts.measure(Path(folder) / "data")
    numbers += breakers.measure()
    numbers += overhead.measure()
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; the load generator and the stand-in on the same\n")
    print(f"{'what':<52}{'median':>10}{'p95':>10}{'target':>12}")
    for number in numbers:
        p95 = sorted(number.values)[int(len(number.values) * 0.95)]
        median = statistics.median(number.values)
        mark = "" if median <= number.target else "  MISSED"
        print(f"{number.name:<52}{median:>7.2f} ms{p95:>7.2f} ms{number.target:>9.1f} ms{mark}")
    articles.main()
    return pages.main()


if __name__ == "__main__":
    sys.exit(main())
