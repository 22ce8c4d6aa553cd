"""Output contracts as actions and libraries carry them; cleaning answers to them is engine/contracts.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blogforge_llm.errors import Invalid

SHAPES = ("text", "line", "markdown", "list", "json")

_MOST = {"max_length": 1_000_000, "min_items": 2_000, "max_items": 2_000}
_LABELS = {"max_length": "The greatest length", "min_items": "The fewest items", "max_items": "The most items"}


def clean(contract: Mapping[str, Any]) -> dict[str, Any]:
    """Without what it leaves open. Raises Invalid naming the rule."""
    given = {name: value for name, value in contract.items() if value is not None and value != ""}
    for name, value in given.items():
        if problem := _problem(name, value):
            raise Invalid.field(f"contract.{name[:50]}", problem)
    if given.get("min_items", 0) > given.get("max_items", _MOST["max_items"]):
        raise Invalid.field("contract.min_items", "The fewest items cannot be more than the most items.")
    return given


def _problem(name: str, value: Any) -> str | None:
    if name == "shape":
        return None if value in SHAPES else f"An answer's shape is one of {', '.join(SHAPES)}."
    if name not in _MOST:
        return f"A contract has shape, {', '.join(_MOST)}; not “{name[:50]}”."
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST[name]:
        return f"{_LABELS[name]} is a whole number from 1 to {_MOST[name]:,}."
    return None
