"""Names of things of prompts in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

_MOST = 5


def listed(names: Sequence[str]) -> str:
    """“A”, “B” and “C”; of many the first few."""
    shown = [f"“{name}”" for name in names[:_MOST]]
    if len(names) > _MOST:
        return ", ".join(shown) + f" and {len(names) - _MOST} more"
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + f" and {shown[-1]}"
