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
    return "".join(
        f' {_name(name)}="{escape(value)}"'
        for some in given
        if some
        for name, value in some.items()
        if value is not None
    )


@functools.lru_cache(maxsize=1000)
def _name(name: str) -> str:
    if not name or _FORBIDDEN.search(name):
        raise ValueError(f"{name!r} cannot be the name of an attribute.")
    return name
