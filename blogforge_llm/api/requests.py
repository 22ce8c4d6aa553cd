"""What a request must satisfy before its view: a body that is JSON and can be read, a page that can be counted to.

The gateway (/v1) needs its body, so nothing can be lost there; it reads and refuses in OpenAI's own way.
"""

from __future__ import annotations

import re

from flask import Flask, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from blogforge_llm.errors import Invalid

DEPTH_MAX = 100
PAGE_MAX = 10**9  # with the largest page_size still an OFFSET that PostgreSQL takes

_STRING = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.S)
_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def init(app: Flask) -> None:
    app.before_request(check_body)
    app.before_request(check_page)


def check_body() -> None:
    """A body of another type would count as none where one is optional, and what it says be lost without a word."""
    if not request.path.startswith("/api/"):
        return
    if not (body := request.get_data()):
        if request.method == "PATCH" and request.routing_exception is None:
            raise BadRequest("Send what to change as JSON; an empty object changes nothing.")
        return
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as JSON, with the header `Content-Type: application/json`.")
    if _is_too_deep(body):
        raise BadRequest(f"The JSON is nested deeper than {DEPTH_MAX}.")


def check_page() -> None:
    if request.path.startswith("/api/") and request.args.get("page", 1, type=int) > PAGE_MAX:
        raise Invalid.field("page", f"There are at most {PAGE_MAX:,} pages.")


def _is_too_deep(body: bytes) -> bool:
    """Each turn takes the innermost brackets away. What never closes is the parser's to refuse, while it is short."""
    brackets = _STRING.sub(b"", body).translate(None, _BUT_BRACKETS)
    for _ in range(DEPTH_MAX):
        fewer = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    return len(brackets) > DEPTH_MAX
