"""Cleans an answer to its output contract and checks it. Cleaning is conservative: what might be the author's stays,
so a text is only freed of wrappings that no text would have. What lists look like is in lists.py.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from blogforge_llm.engine import lists
from blogforge_llm.engine.types import OutputContract


@dataclass(frozen=True, slots=True)
class Checked:
    """The cleaned text, or the rule it breaks, as a sentence for the model."""

    text: str
    breach: str | None = None


EMPTY = "It was empty."
CUT_OFF = "It was too long and was cut off before its end; say it more briefly."

_PLAIN_FENCES = ("", "markdown", "md", "text", "txt", "plaintext")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)[ \t]*")
_THINKING = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.DOTALL | re.IGNORECASE)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "„": "“", "`": "`"}

# "Sure! Here is the excerpt:" is chatter; "Here is what nobody tells you about bread:" begins an article. So the line
# must agree to something, or name what was asked for.
_ASSENT = r"(?:sure|certainly|of course|absolutely|okay|ok|great|got it|happy to help)\b[!,.][^\n]{0,120}:"
_ASKED_FOR = (
    r"(?:here(?:'s|’s| is| are)|below (?:is|are))\b[^\n]{0,100}?"
    r"\b(?:you (?:asked|requested|wanted)|requested|your|suggest\w*|"
    r"title|titles|excerpt|summary|description|draft|article|section|version|outline|json|answer|output|result|rewrite)\b"
    r"[^\n]{0,60}:"
)
_PREAMBLE = re.compile(
    rf"(?:{_ASSENT}|{_ASKED_FOR})[ \t]*\**[ \t]*\n(?=\s*\n|\s*(?:[-*•`\[{{\"“]|\d+[.)]))\s*", re.IGNORECASE
)
_PREAMBLE_BEFORE_DATA = re.compile(r"[^\n\[{]{1,200}:[ \t]*\n\s*(?=[\[{])")
_LABEL_BEFORE_QUOTES = re.compile(r"(?:sure|certainly|here)\b[^:\n\"“]{0,100}:[ \t]*(?=[\"“])", re.IGNORECASE)
# An article may end with "Let me know in the comments"; chatter offers to change the text.
_OFFER_WITHIN = 600  # the end of the text that is looked at: patterns over all of it could take minutes
_OFFER = re.compile(
    r"\n\s*\n(?:[-*_]{3,}\s*\n\s*)?[ \t]*(?:(?:please |just )?let me know if|would you like me to|i hope this"
    r"|feel free to (?:ask|let me)|if you(?:'d|’d| would) like(?:,| me)|do you want me to|i can also)\b"
    r"(?![^\n]*\bcomments?\b)[^\n]{0,240}\s*\Z",
    re.IGNORECASE,
)


def check(text: str, contract: OutputContract) -> Checked:
    """The answer as it may be shown, or what is wrong with it."""
    text = _THINKING.sub("", text.lstrip("\ufeff"), count=1) if _THINKING.match(text) else text
    text = text.strip()
    if not text:
        return Checked("", EMPTY)
    checked = _SHAPES[contract.shape](text, contract)
    if checked.breach is None and not checked.text:
        return Checked("", EMPTY)
    if checked.breach is None and contract.max_length is not None and len(checked.text) > contract.max_length:
        breach = f"It must have at most {contract.max_length} characters; it had {len(checked.text)}."
        return Checked(checked.text, breach)
    return checked


def reminder(breach: str) -> str:
    """What the model is told when it is asked again."""
    return f"Your answer broke this rule: {breach} Answer again, correctly, with nothing but the answer itself."


def _text(text: str, contract: OutputContract) -> Checked:
    return Checked(_unquoted(_unwrapped(text)))


def _markdown(text: str, contract: OutputContract) -> Checked:
    return Checked(_unwrapped(text))


def _line(text: str, contract: OutputContract) -> Checked:
    line = _unwrapped(text)
    line = (
        line[label.end() :] if (label := _LABEL_BEFORE_QUOTES.match(line)) and _unquoted(line[label.end() :]) else line
    )
    line = lists.without_emphasis(_unquoted(re.sub(r"^#{1,6}\s+", "", line)))
    line = _unquoted(line)
    if len([part for part in line.splitlines() if part.strip()]) > 1:
        return Checked(line, "It must be one single line, with no explanation and no alternatives.")
    return Checked(line)


def _list(text: str, contract: OutputContract) -> Checked:
    found, value = _json_in(text)
    items = lists.from_json(value) if found else None
    if items is None:
        items = lists.from_lines(_unwrapped(text))
    items = [_unquoted(item) for item in items]
    return Checked("\n".join(items), _count_breach(len(items), contract))


def _json(text: str, contract: OutputContract) -> Checked:
    found, value = _json_in(text)
    try:
        printed = json.dumps(value, indent=2, ensure_ascii=False)
    except RecursionError:
        found = False
    if not found:
        return Checked(text, "It must be one valid JSON value and nothing else.")
    return Checked(printed, _count_breach(len(value), contract) if isinstance(value, list) else None)


_SHAPES = {"text": _text, "line": _line, "markdown": _markdown, "list": _list, "json": _json}


def _count_breach(count: int, contract: OutputContract) -> str | None:
    if contract.min_items is not None and count < contract.min_items:
        return f"It must have at least {contract.min_items} items; it had {count}."
    if contract.max_items is not None and count > contract.max_items:
        return f"It must have at most {contract.max_items} items; it had {count}."
    return None


def _json_in(text: str) -> tuple[bool, Any]:
    """The JSON object or array the answer consists of, but for a fence or a line before and one after."""
    preamble = _PREAMBLE_BEFORE_DATA.match(text)
    for candidate in (text, _first_block(text), text[preamble.end() :] if preamble else ""):
        candidate = candidate.strip()
        if not candidate.startswith(("[", "{")):
            continue
        try:
            value, end = json.JSONDecoder().raw_decode(candidate)
        except (ValueError, RecursionError):
            continue
        if "\n" not in candidate[end:].strip():
            return True, value
    return False, None


def _unwrapped(text: str) -> str:
    """Without a fence around all of it, a line of preamble and a closing offer."""
    previous = None
    while text != previous:
        previous = text
        text = text[:-_OFFER_WITHIN] + _OFFER.sub("", text[-_OFFER_WITHIN:])
        text = _PREAMBLE.sub("", text, count=1) if _PREAMBLE.match(text) else text
        text = _unfenced(text.strip()).strip()
    return text


def _unfenced(text: str) -> str:
    """Without one fence from end to end: a text of two code blocks begins and ends with a fence as well."""
    first, _, rest = text.partition("\n")
    opening = _FENCE.fullmatch(first)
    if opening is None or not rest.endswith(opening[1]):
        return text
    fence, language, inner = opening[1], opening[2].lower(), rest.removesuffix(opening[1])
    is_whole = inner.count(fence) % 2 == 0 if language in ("markdown", "md") else fence not in inner
    return inner if is_whole and language in _PLAIN_FENCES else text


def _first_block(text: str) -> str:
    """What stands in the first fence, or nothing."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if opening := _FENCE.fullmatch(line):
            return "\n".join(lines[number + 1 :]).partition(opening[1])[0]
    return ""


def _unquoted(text: str) -> str:
    """Without the quotation marks around all of it; "Yes" and "No" keeps its own."""
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 2 or not text.endswith(closing):
        return text
    inner = text[1:-1]
    if closing in inner.replace(f"\\{closing}", "") or text[0] in inner:
        return text
    return inner.replace(f"\\{closing}", closing).strip()
