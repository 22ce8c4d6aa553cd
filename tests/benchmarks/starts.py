"""How long a start takes once everything is installed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from blogforge_llm.config import ROOT
from tests.benchmarks.numbers import Number
from tests.installation import Installation


def measure(data_dir: Path) -> list[Number]:
    values = []
    for _ in range(5):
        begun = time.monotonic()
        with Installation(data_dir):
            values.append((time.monotonic() - begun) * 1000)
    return [
        Number("a second start, to a page that answers", values, 3000),
        Number("importing the application", _imports("blogforge_llm.app"), 500),
        Number("  peer: importing flask alone", _imports("flask"), 500),
    ]


def _imports(module: str) -> list[float]:
    """Inside a fresh interpreter each time, its own start not counted."""
    script = f"import time; began = time.perf_counter(); import {module}; print(time.perf_counter() - began)"
    done = [
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(7)
    ]
    return [float(one.stdout) * 1000 for one in done]
