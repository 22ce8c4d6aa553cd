"""Cleans an answer to its output contract and checks it. What is taken off an answer is in wrappings.py, what lists
look like in lists.py.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from blogforge_llm.engine import lists, wrappings
from blogforge_llm.engine.types import OutputContract


@dataclass(frozen=True, slots=True)
class Checked:
    """The cleaned text, or the rule it breaks, as a sentence for the model."""

    text: str
    breach: str | None = None


EMPTY = "It was empty."
CUT_OFF = "It was too long and was cut off before its end; say it more briefly."
_ONLY_THOUGHTS = "It was all reasoning that never came to its end, without an answer after it."
_NOT_ONE_LINE = "It must be one single line, with no explanation and no alternatives."
_NOT_JSON = "It must be one valid JSON value and nothing else."
_BROKEN_LIST = "It must be one list: one valid JSON array of texts, or one item on each line."

_PREAMBLE_BEFORE_DATA = re.compile(r"(?:[^\n\[{]{1,200}:|json)[ \t]*\n\s*(?=[\[{])", re.IGNORECASE)
_MOST_LABELS = 4  # one within the other: **"Title: **Bread**"**
_LONGEST_CHATTER = 600  # characters after a JSON value
_MOST_BRACKETS = 20  # of those after a value that are tried as the beginning of another


def check(text: str, contract: OutputContract) -> Checked:
    """The answer as it may be shown, or what is wrong with it."""
    text = wrappings.without_thinking(text.lstrip("\ufeff")).strip()
    if not text:
        return Checked("", EMPTY)
    if wrappings.is_still_thinking(text):
        return Checked(text, _ONLY_THOUGHTS)
    checked = _SHAPES[contract.shape](text, contract)
    if checked.breach is None and not checked.text:
        return Checked("", EMPTY)
    if checked.breach is None and contract.max_length is not None and len(checked.text) > contract.max_length:
        breach = f"It must have at most {contract.max_length} characters; it had {len(checked.text)}."
        return Checked(checked.text, breach)
    if (
        checked.breach is None
        and contract.max_words is not None
        and (had := len(checked.text.split())) > contract.max_words
    ):
        return Checked(checked.text, f"It must have at most {contract.max_words} words; it had {had}.")
    return checked


def reminder(breach: str) -> str:
    """What the model is told when it is asked again."""
    return f"Your answer broke this rule: {breach} Answer again, correctly, with nothing but the answer itself."


def _text(text: str, contract: OutputContract) -> Checked:
    return Checked(wrappings.unquoted(wrappings.unwrapped(text)))


def _markdown(text: str, contract: OutputContract) -> Checked:
    return Checked(wrappings.unwrapped(text))


def _line(text: str, contract: OutputContract) -> Checked:
    line = wrappings.unwrapped(text)
    for candidate in (line, wrappings.first_block(line)[0]):
        found, value = _whole_json(candidate)
        if found:
            values = list(value.values()) if isinstance(value, dict) else value
            if len(values) != 1 or not isinstance(values[0], str):
                return Checked(line, _NOT_ONE_LINE)
            line = values[0].strip()
            break
    for _ in range(_MOST_LABELS):
        line = wrappings.unquoted(lists.without_emphasis(wrappings.unlabelled(line)))
    if len([part for part in line.splitlines() if part.strip()]) > 1:
        return Checked(line, _NOT_ONE_LINE)
    return Checked(line)


def _list(text: str, contract: OutputContract) -> Checked:
    found, value = _json_in(text)
    items = lists.from_json(value) if found else None
    if items is None:
        items = lists.from_lines(plain := wrappings.unwrapped(text))
        if plain.startswith(("[\n", "{\n")) or any(item.startswith(('["', "[{", '{"')) for item in items):
            return Checked(text, _BROKEN_LIST)
    items = [wrappings.unquoted(item) for item in items]
    return Checked("\n".join(items), _count_breach(len(items), contract))


def _json(text: str, contract: OutputContract) -> Checked:
    found, value = _json_in(text)
    try:
        printed = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except (RecursionError, ValueError):  # ValueError: 1e400 is read as infinite
        found = False
    if not found:
        return Checked(text, _NOT_JSON)
    return Checked(printed, _count_breach(len(value), contract) if isinstance(value, list) else None)


_SHAPES = {"text": _text, "line": _line, "markdown": _markdown, "list": _list, "json": _json}


def _count_breach(count: int, contract: OutputContract) -> str | None:
    if contract.min_items is not None and count < contract.min_items:
        return f"It must have at least {contract.min_items} items; it had {count}."
    if contract.max_items is not None and count > contract.max_items:
        return f"It must have at most {contract.max_items} items; it had {count}."
    return None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _whole_json(text: str) -> tuple[bool, Any]:
    """The JSON object or array that is all of the text."""
    text = text.strip()
    value, end = _value_at(text, 0)
    return value is not None and end == len(text), value


def _json_in(text: str) -> tuple[bool, Any]:
    """The JSON object or array the answer consists of, but for a fence, a line before and chatter after. Nothing when a
    second one follows: which was meant?"""
    preamble = _PREAMBLE_BEFORE_DATA.match(text)
    block, after = wrappings.first_block(text)
    for candidate, rest in ((text, ""), (block, after), (text[preamble.end() :] if preamble else "", "")):
        candidate = candidate.strip()
        value, end = _value_at(candidate, 0)
        tail = candidate[end:]
        if value is None or (not value and tail) or not _is_chatter(tail) or _has_value(rest):
            continue
        return True, value
    return False, None


def _is_chatter(tail: str) -> bool:
    """Whether this may follow a value: a remark on its line, or some lines below."""
    is_apart = tail.lstrip(" \t")[:1] in ("", "\n") or "\n" not in tail
    return is_apart and len(tail) <= _LONGEST_CHATTER and not _has_value(tail)


def _has_value(text: str) -> bool:
    brackets = [match.start() for match, _ in zip(re.finditer(r"[\[{]", text), range(_MOST_BRACKETS), strict=False)]
    return any(_value_at(text, start)[0] is not None for start in brackets)


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The object or array that begins there and where it ends; None when there is none."""
    if text[start : start + 1] not in ("[", "{"):
        return None, start
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, start
