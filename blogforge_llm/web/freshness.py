"""304 for what has not changed: a GET's whole answer carries a strong ETag of its body, for pages and the API alike.

Streams have none, for they are written as they go; static files have their own (assets.py).
"""

from __future__ import annotations

from flask import Flask, Response, request

_LARGEST = 4 << 20  # of a body that is worth its hash


def init(app: Flask) -> None:
    app.after_request(tell)


def tell(response: Response) -> Response:
    """The headers of caches are set elsewhere: under `private, no-cache` a browser asks each time, and this answers."""
    is_whole = response.status_code == 200 and not response.is_streamed and not response.direct_passthrough
    if request.method not in {"GET", "HEAD"} or not is_whole or "ETag" in response.headers:
        return response
    if "Set-Cookie" in response.headers or (response.content_length or 0) > _LARGEST:
        return response
    response.add_etag()
    response.make_conditional(request)
    return response
