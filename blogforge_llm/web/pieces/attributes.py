"""The attributes of an element, as Jinja's xmlattr writes them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import escape

_FORBIDDEN = re.compile(r"[\s/>=\"'<]")


def attributes(*given: Mapping[str, Any] | None) -> str:
    """Each with a space before it; those that are None are left out."""
    drawn = ""
    for some in given:
        for name, value in (some or {}).items():
            if value is not None:
                drawn += f' {_name(name)}="{escape(value)}"'
    return drawn


@functools.lru_cache(maxsize=1000)
def _name(name: str) -> str:
    if not name or _FORBIDDEN.search(name):
        raise ValueError(f"{name!r} cannot be the name of an attribute.")
    return name
