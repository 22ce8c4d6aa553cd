"""Addresses, which templates know as `url_for`."""

from __future__ import annotations

import functools
from typing import Any

from flask import url_for

from blogforge_llm.web import assets

_LONGEST = 100  # of a value: what people search for would fill the memory


def address(endpoint: str, **values: Any) -> str:
    """url_for, made once for the same values: a list links the same rows from page to page."""
    if endpoint.startswith("."):
        return url_for(endpoint, **values)
    for name, value in values.items():
        if name.startswith("_") or not (
            value is None or isinstance(value, int) or (isinstance(value, str) and len(value) <= _LONGEST)
        ):
            return url_for(endpoint, **values)
    return _made(assets.root(), endpoint, tuple((name, type(value), value) for name, value in values.items()))


@functools.lru_cache(maxsize=20_000)
def _made(_root: str, endpoint: str, values: tuple[tuple[str, type, Any], ...]) -> str:
    return url_for(endpoint, **{name: value for name, _, value in values})
