"""What a post is called: a title from its text, and a slug from the title."""

from __future__ import annotations

import re
import unicodedata

TITLE_LENGTH = 80
_SLUG_LENGTH = 60


def from_text(text: str) -> str:
    """The first line that says something, cut at a word when it is long."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    title = " ".join(first.split())
    if len(title) <= TITLE_LENGTH:
        return title
    whole_words = title[: TITLE_LENGTH + 1].rsplit(" ", 1)[0]
    return whole_words[:TITLE_LENGTH].rstrip(" ,;:.-–—") + "…"


def slug(title: str) -> str:
    """ASCII words joined by hyphens; "post" for a title that has none."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_only.lower().replace("'", ""))
    slug = "-".join(words)
    if len(slug) > _SLUG_LENGTH:
        slug = slug[: _SLUG_LENGTH + 1].rsplit("-", 1)[0][:_SLUG_LENGTH]
    return slug or "post"
