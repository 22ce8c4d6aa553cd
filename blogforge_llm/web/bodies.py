"""What any request may bring along: not more than fits, and no text that is no text. JSON: api/requests.py."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Flask, current_app, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from blogforge_llm.errors import Invalid

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def init(app: Flask) -> None:
    app.before_request(refuse_endless)
    app.before_request(refuse_broken_text)


def refuse_endless() -> None:
    """A body that does not say its length is read up to the limit and would go on as if it ended there. Raises
    BadRequest for one that breaks off: the server's own exception for it would pass for a fault of ours."""
    if request.content_length is not None or not request.environ.get("wsgi.input_terminated"):
        return
    try:
        length = len(request.get_data())
    except HTTPException:
        raise
    except Exception as error:
        raise BadRequest("The body breaks off, or one of its chunks is not what it says.") from error
    if length >= current_app.config["MAX_CONTENT_LENGTH"]:
        raise RequestEntityTooLarge


def refuse_broken_text() -> None:
    """Bytes of a form that are not UTF-8 would be kept as other characters. Raises Invalid before anything is done."""
    if request.mimetype == "application/x-www-form-urlencoded":
        is_broken = not _is_text(request.get_data())
    elif request.mimetype == "multipart/form-data":
        data = request.get_data()  # first: reading the form would use it up
        seen = sum(value.count(_REPLACEMENT) for _, value in request.form.items(multi=True))
        is_broken = seen > data.count(_REPLACEMENT.encode())
    else:
        return
    if is_broken:
        raise Invalid("The text has characters that are not UTF-8. Nothing was saved: remove them and send it again.")


def _is_text(encoded: bytes) -> bool:
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True
