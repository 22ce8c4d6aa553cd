"""What the menu beside Automate asks for: action, whom, temperature, how many."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from blogforge_llm.errors import Invalid


def read(form: Mapping[str, str]) -> dict[str, Any]:
    """As suggestions.create takes it; what was left open is left out. Raises Invalid."""
    options: dict[str, Any] = read_prompt(form)
    if count := form.get("count"):
        options["count"] = _whole(count, "count", "Ask for 1 to 4 suggestions at once.")
    if instead_of := form.get("instead_of"):
        options["instead_of"] = _whole(instead_of, "instead_of", "There is no such suggestion.")
    return options


def read_prompt(form: Mapping[str, str]) -> dict[str, Any]:
    """The part that says what would be asked: action, route or model, parameters."""
    options: dict[str, Any] = {}
    if action_id := form.get("action_id"):
        options["action_id"] = _whole(action_id, "action_id", "There is no such action. Choose another one.")
    kind, _, number = form.get("ask", "").partition(":")
    if kind in {"route", "model"}:
        options[f"{kind}_id"] = _whole(number, "ask", "There is no such model or route. Choose another one.")
    if temperature := form.get("temperature", "").strip():
        options["parameters"] = {"temperature": _number(temperature)}
    return options


def _whole(text: str, name: str, problem: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise Invalid.field(name, problem)
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid.field("temperature", "temperature is a number from 0 to 2.")
    return number
