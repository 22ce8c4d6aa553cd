"""Lists as models write them, into items: JSON arrays, numbered or bulleted lines, or plain lines."""

from __future__ import annotations

import re
from typing import Any

_KEYS = ("text", "title", "heading", "name", "item", "value")
_MARKER = re.compile(r"(?P<indent>[ \t]*)(?:(?P<number>\(?\d{1,3}[.):])|[-*+•–])[ \t]+(?P<text>\S.*)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|_)(?P<inner>(?:(?!\1).)+)\1")


def from_json(value: Any) -> list[str] | None:
    """The items of an array, or of the only array in an object; None when there is none or an item is no text."""
    if isinstance(value, dict):
        arrays = [inner for inner in value.values() if isinstance(inner, list)]
        value = arrays[0] if len(arrays) == 1 else None
    if not isinstance(value, list):
        return None
    items = [_text_of(item) for item in value]
    return None if None in items else _unmarked([" ".join(item.split()) for item in items if item and item.strip()])


def from_lines(text: str) -> list[str]:
    """Numbered lines if there are any, else bulleted ones, else all. Only the outermost level makes items; deeper and
    unmarked lines under an item belong to it. Lines before the first item are dropped."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    marked = [match for line in lines if (match := _MARKER.fullmatch(line))]
    if not marked:
        if len(lines) > 1 and [line for line in lines if line.endswith(":")] == lines[:1]:
            lines = lines[1:]  # "Five ideas:"
        return [without_emphasis(line.strip()) for line in lines]
    outer = min(len(match["indent"]) for match in marked)
    is_numbered = any(match["number"] for match in marked if len(match["indent"]) == outer)
    items: list[str] = []
    for line in lines:
        match = _MARKER.fullmatch(line)
        if match and len(match["indent"]) == outer and bool(match["number"]) >= is_numbered:
            items.append(match["text"])
        elif items and (match or line[:1].isspace()):
            items[-1] += " " + (match["text"] if match else line.strip())
    return [without_emphasis(item.strip()) for item in items]


def without_emphasis(text: str) -> str:
    """**Title** without its stars, when they are around all of it."""
    match = _EMPHASIS.fullmatch(text)
    return match["inner"].strip() if match else text


def _unmarked(items: list[str]) -> list[str]:
    """Without numbers or dashes inside the texts, when all have them and the numbers count."""
    marked = [match for item in items if (match := _MARKER.fullmatch(item))]
    numbers = [int(match["number"].strip("(.):")) for match in marked if match["number"]]
    counts = numbers == list(range(1, len(items) + 1))
    return [match["text"] for match in marked] if len(marked) == len(items) and (counts or not numbers) else items


def _text_of(item: Any) -> str | None:
    if isinstance(item, dict):
        item = next((item[key] for key in _KEYS if isinstance(item.get(key), str)), None)
    return str(item) if isinstance(item, str | int | float) else None
