"""What any text from outside must satisfy before it reaches the database."""

from __future__ import annotations

import re

from blogforge_llm.errors import Invalid

_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str, *, name: str, label: str, max_length: int) -> str:
    """Line ends made \\n. Raises Invalid for what PostgreSQL or a reader could not take, naming the place."""
    if (at := text.find("\x00")) >= 0:
        raise Invalid.field(name, f"{label} has a NUL character at position {at + 1}. Remove it and save again.")
    if found := _SURROGATE.search(text):
        raise Invalid.field(
            name, f"{label} has a broken character at position {found.start() + 1}. Remove it and save again."
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > max_length:
        raise Invalid.field(
            name, f"{label} takes at most {max_length:,} characters; this has {len(text):,}. Shorten it and save again."
        )
    return text


def line(text: str, *, name: str, label: str, max_length: int = 200) -> str:
    """One line, trimmed, not empty. Raises Invalid."""
    text = clean(text, name=name, label=label, max_length=max_length * 4).replace("\n", " ").strip()
    if not text:
        raise Invalid.field(name, f"{label} is missing.")
    return clean(text, name=name, label=label, max_length=max_length)


def storable(text: str) -> str:
    """Text from a model or a provider: NUL and half surrogate pairs become U+FFFD, for PostgreSQL takes neither."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\x00", "\N{REPLACEMENT CHARACTER}"))


def pattern(q: str) -> str | None:
    """For ILIKE: what somebody searched, anywhere in a text, its % and _ taken as they are; None for nothing."""
    wanted = re.sub(r"([\\%_])", r"\\\1", storable(q).strip()[:200])
    return f"%{wanted}%" if wanted else None
