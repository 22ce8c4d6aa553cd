"""Sampling parameters as presets, actions and tasks carry them; what is absent is not sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blogforge_llm.errors import Invalid
from blogforge_llm.services import texts

NAMES = ("temperature", "top_p", "max_tokens", "stop", "seed")

_RANGES = {"temperature": (0.0, 2.0), "top_p": (0.0, 1.0)}
_WHOLE = {"max_tokens": (1, 10_000_000), "seed": (-(2**63), 2**63 - 1)}
_MOST_STOPS, _LONGEST_STOP = 4, 200  # four is OpenAI's limit, and so most others'


def clean(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Without the empty ones. Raises Invalid naming every parameter that is unknown or out of range."""
    given = {name: value for name, value in parameters.items() if value is not None and value != ""}
    wrong = {name: problem for name, value in given.items() if (problem := _problem(name, value)) is not None}
    if wrong:
        raise Invalid(" ".join(wrong.values()), wrong)
    if "stop" in given:
        given["stop"] = [text for text in given["stop"] if text]
    return {name: given[name] for name in NAMES if name in given and given[name] != []}


def _problem(name: str, value: Any) -> str | None:
    if name in _RANGES:
        low, high = _RANGES[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number and low <= value <= high else f"{name} is a number from {low:g} to {high:g}."
    if name in _WHOLE:
        low, high = _WHOLE[name]
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return None if is_whole and low <= value <= high else f"{name} is a whole number of {low} or more."
    if name == "stop":
        return _problem_with_stop(value)
    return f"{name} is not a parameter. Choose from {', '.join(NAMES)}."


def _problem_with_stop(value: Any) -> str | None:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        return "stop is a list of texts."
    if len([text for text in value if text]) > _MOST_STOPS:
        return f"stop takes at most {_MOST_STOPS} texts."
    try:
        for text in value:
            texts.clean(text, name="stop", label="stop", max_length=_LONGEST_STOP)
    except Invalid as error:
        return str(error)
    return None
