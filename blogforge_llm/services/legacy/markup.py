"""HTML of the original made the Markdown that fields hold. Only what Markdown can say; else the HTML stays as it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_TAG = re.compile(
    r"<(?:!doctype|/?(?:p|h[1-6]|ul|ol|li|br|strong|b|em|i|a|div|span|html|body|blockquote|section)\b)", re.I
)
_BLOCKS = {"p", "div", "section", "article", "body", "html", "header", "footer", "main", "figure", "figcaption"}
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`"}
_SILENT = {"script", "style", "head", "title", "template"}
_BEYOND = {"table", "iframe", "form", "svg", "math", "object", "embed", "video", "audio", "input", "pre", "dl"}


def is_html(text: str) -> bool:
    return _TAG.search(text) is not None


def to_markdown(text: str) -> str | None:
    """None for HTML that Markdown cannot say without loss."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.is_beyond:
        return None
    lines = "".join(reader.out).split("\n")
    tidy = "\n".join(re.sub(r"[ \t]+", " ", line).strip() if not line.startswith("    ") else line for line in lines)
    return re.sub(r"\n{3,}", "\n\n", tidy).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.lists: list[int | None] = []  # of each open list the number reached; None: bullets
        self.links: list[str] = []
        self.silent = 0
        self.is_beyond = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self.silent += 1
        elif tag in _BEYOND:
            self.is_beyond = True
        elif tag in _MARKS:
            self.out.append(_MARKS[tag])
        elif tag == "br":
            self.out.append("  \n")
        elif tag == "hr":
            self.out.append("\n\n---\n\n")
        elif tag == "img":
            self.out.append(f"![{given.get('alt', '')}]({given.get('src', '')})")
        elif tag == "a":
            self.links.append(given.get("href", ""))
            self.out.append("[" if self.links[-1] else "")
        else:
            self._open_block(tag)

    def _open_block(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else None)
            self.out.append("\n\n" if len(self.lists) == 1 else "\n")
        elif tag == "li":
            self.out.append("\n" + "    " * (len(self.lists) - 1) + self._bullet())
        elif re.fullmatch(r"h[1-6]", tag):
            self.out.append("\n\n" + "#" * int(tag[1]) + " ")
        elif tag == "blockquote":
            self.out.append("\n\n> ")
        elif tag in _BLOCKS and not (self.out and self.out[-1].endswith(("> ", "- ", ". "))):
            self.out.append("\n\n")

    def _bullet(self) -> str:
        if not self.lists or self.lists[-1] is None:
            return "- "
        self.lists[-1] = number = self.lists[-1] + 1
        return f"{number}. "

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _MARKS:
            self.out.append(_MARKS[tag])
        elif tag == "a" and self.links:
            href = self.links.pop()
            self.out.append(f"]({href})" if href else "")
        elif tag in ("ul", "ol") and self.lists:
            self.lists.pop()
            self.out.append("\n\n" if not self.lists else "")
        elif tag in _BLOCKS or tag == "blockquote" or re.fullmatch(r"h[1-6]", tag):
            self.out.append("\n\n")

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if not data.strip():
            self.out.append("" if "\n" in data else " ")
            return
        paragraphs = re.split(r"\n\s*\n", data)  # fragments stand between plain paragraphs
        self.out.append("\n\n".join(re.sub(r"\s*\n\s*", " ", paragraph) for paragraph in paragraphs))
