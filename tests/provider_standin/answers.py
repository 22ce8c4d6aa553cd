"""What the stand-in says: deterministic text made from the request, and the token counts that go with it.

A token is four characters, rounded up, over the whole text; the prompt's text is all message contents joined
without a separator. Tests that check bills to the token use these same functions.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Answer = str | Callable[[Mapping[str, Any]], str]
"""A fixed text, or a function of the request's JSON body."""

_FILLER = (
    "Nothing here was written by a language model. Every word comes from a fixed list, so that a test can "
    "say exactly what it expects, count what it received and notice when a single word is missing or moved."
)


def count_tokens(text: str) -> int:
    return -(-len(text) // 4)


def prompt_text(body: Mapping[str, Any]) -> str:
    return "".join(_text(message.get("content")) for message in _messages(body))


def last_user_message(body: Mapping[str, Any]) -> str:
    for message in reversed(_messages(body)):
        if message.get("role") == "user":
            return _text(message.get("content"))
    return ""


def in_words(text: str) -> list[str]:
    """The pieces a stream sends: words with the space behind them; joined they are the text again."""
    return re.findall(r"\s*\S+\s*", text) or ([text] if text else [])


def default_answer(body: Mapping[str, Any], words: int | None = None) -> str:
    """Prose that quotes the last user message, or JSON where that or `response_format` asks for it."""
    message = last_user_message(body)
    if re.search("json array", message, re.IGNORECASE):
        return json_list(message)
    prose = f'The stand-in was asked: "{_excerpt(message)}" {_FILLER}'
    response_format = body.get("response_format")
    if isinstance(response_format, dict) and str(response_format.get("type", "")).startswith("json"):
        return json.dumps({"answer": prose}, ensure_ascii=False)
    if words is not None:
        return _exactly(prose, words)
    return prose


def json_list(message: str) -> str:
    """A JSON array of strings: as many as "JSON array of 7" names, else three."""
    wanted = re.search(r"json array of (?:exactly )?(\d{1,3})\b", message, re.IGNORECASE)
    count = int(wanted.group(1)) if wanted else 3
    quote = _excerpt(message, 40)
    return json.dumps([f"Item {n}: {quote}" for n in range(1, count + 1)], ensure_ascii=False)


def _exactly(prose: str, words: int) -> str:
    supply = prose.split()
    while len(supply) < words:
        supply += _FILLER.split()
    return " ".join(supply[:words])


def _excerpt(message: str, length: int = 120) -> str:
    flat = " ".join(message.split())
    if len(flat) <= length:
        return flat
    return f"{flat[: length // 2]} … {flat[-(length // 2) :]}"


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = body.get("messages")
    return [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    return ""
