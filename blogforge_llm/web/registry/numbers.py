"""Numbers as people type them into forms: empty is none, 131,072 and 131 072 are 131072."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from blogforge_llm.errors import Invalid

_SPACES = re.compile(r"[\s_\u00a0\u202f]")


def read(form: Mapping[str, str], *, whole: Sequence[str] = (), decimals: Sequence[str] = ()) -> dict[str, Any]:
    """Each field's number or None. Raises Invalid naming every field that has something else."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name in (*whole, *decimals):
        text = _SPACES.sub("", form.get(name, ""))
        try:
            values[name] = (_whole(text) if name in whole else Decimal(text)) if text else None
        except (ValueError, InvalidOperation):
            wrong[name] = f"“{text[:20]}” is no {'whole number' if name in whole else 'number; write it like 0.59'}."
    if wrong:
        raise Invalid("Some numbers do not fit.", wrong)
    return values


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+|[+-]?[0-9]{1,20}", text):
        raise ValueError(text)
    return int(text.replace(",", ""))
