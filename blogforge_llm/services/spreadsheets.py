"""CSV for people who open it in a spreadsheet: what looks like a formula there is made a text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """One line at a time, the column names first."""
    yield _line(head)
    for row in rows:
        yield _line(row)


def _line(row: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_safe(value) for value in row])
    return buffer.getvalue()


def _safe(value: object) -> str:
    """Numbers stay what they are; of texts, one that a spreadsheet would compute gets an apostrophe in front."""
    text = "" if value is None else str(value)
    is_formula = isinstance(value, str) and text.lstrip(" ").startswith(_FORMULA)
    return f"'{text}" if is_formula else text
