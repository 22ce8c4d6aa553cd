"""The options of a select: a filter offers hundreds of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape


def choices(options: Iterable[tuple[Any, Any]], value: Any = None, empty: str | None = None) -> Markup:
    """options are (value, label) pairs. empty adds a first choice that means none."""
    chosen = None if value is None else str(value)
    drawn = [] if empty is None else [f'<option value="">{escape(empty)}</option>']
    for key, text in options:
        selected = " selected" if chosen is not None and str(key) == chosen else ""
        drawn.append(f'<option value="{key if type(key) is int else escape(key)}"{selected}>{escape(text)}</option>')
    return Markup("".join(drawn))
