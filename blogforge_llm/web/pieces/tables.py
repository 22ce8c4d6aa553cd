"""Cells of tables."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape


def cell(
    label: str, value: Any = None, numeric: bool = False, head: bool = False, actions: bool = False,
    select: bool = False, caller: Callable[[], Markup] | None = None,
) -> Markup:  # fmt: skip
    """One cell; its label is shown before it on phones. head: the row's name, actions: its buttons, select: its
    checkbox. An empty value is a dash."""
    kind = "is-numeric" if numeric else "is-actions" if actions else "is-select" if select else ""
    inner = caller() if caller else "–" if value is None else value
    start, end = _tags(label, head, kind)
    return Markup(f"{start}{escape(inner)}{end}")


@functools.lru_cache(maxsize=1000, typed=True)
def _tags(label: str, head: bool, kind: str) -> tuple[str, str]:
    classes = f' class="{kind}"' if kind else ""
    start, end = ("th scope=row", "th") if head else ("td", "td")
    return f'<{start} data-label="{escape(label)}"{classes}>', f"</{end}>"
