"""A text file that somebody uploads with a form."""

from __future__ import annotations

from flask import request

from blogforge_llm.errors import Invalid


def text(name: str) -> str:
    """Its content; empty without a file. Raises Invalid for what is not UTF-8."""
    file = request.files.get(name)
    if file is None or not file.filename:
        return ""
    try:
        content: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid.field(name, "The file is not text in UTF-8. Save it as CSV UTF-8, or as JSON lines.") from error
    return content
