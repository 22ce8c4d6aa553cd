"""The marks around material. A model reads </idea> in the material as its end, however it is spelt: with spaces, with
characters nobody sees, with full-width letters. Such a mark is made harmless; every other character stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

_OPENING = re.compile("[<＜﹤]")
_SLASHES = frozenset("/\\⁄∕⧸")
_UNSEEN = ("Cc", "Cf", "Mn", "Me")  # control and format characters, marks that join the letter before them
_FILLERS = frozenset("\u115f\u1160")  # letters without a shape


def fenced(text: str, fence: str) -> str:
    """The text between the marks of `fence`, which it cannot close by itself."""
    text = text.strip("\n")
    harmless = _OPENING.sub(lambda mark: "&lt;" if _closes(text, mark.end(), fence) else mark[0], text)
    return f"<{fence}>\n{harmless}\n</{fence}>"


def _closes(text: str, start: int, fence: str) -> bool:
    """Whether what follows a < reads as the rest of a closing mark: slash, name, and no more of a name."""
    seen = _seen(text, start)
    has_slash = False
    for char in seen:
        if char not in _SLASHES and not char.isspace():
            break
        has_slash = has_slash or char in _SLASHES
    else:
        return False
    if not has_slash:
        return False
    read = char + "".join(islice(seen, len(fence)))
    after = read[len(fence) :]
    return read.startswith(fence.casefold()) and not (after.isalnum() or after in ("-", "_"))


def _seen(text: str, start: int) -> Iterator[str]:
    """The characters from there on as they look, without those that do not."""
    for index in range(start, len(text)):
        for char in unicodedata.normalize("NFKC", text[index]).casefold():
            if char.isspace() or (unicodedata.category(char) not in _UNSEEN and char not in _FILLERS):
                yield char
