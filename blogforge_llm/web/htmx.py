"""Every HX-* word of the server side: views say what they mean, this file says it to htmx."""

from __future__ import annotations

import json

from flask import Response, make_response, request


def wants_fragment() -> bool:
    """True for a swap by htmx; a history restore or a plain visit wants the whole page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def redirect_or(location: str) -> Response:
    """Send the browser to `location`: a plain redirect, or htmx's own header for a swap."""
    if wants_fragment():
        response = make_response("", 200)
        response.headers["HX-Redirect"] = location
        return response
    response = make_response("", 303)
    response.headers["Location"] = location
    return response


def vary(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response


def keep_page(response: Response) -> Response:
    """Swap nothing: the page stays as it is, whatever the answer says."""
    response.headers["HX-Reswap"] = "none"
    return response


def notify(response: Response, text: str, *, kind: str = "success", swap: bool = True) -> Response:
    """Show `text` in the notification region once the answer arrives. kind: success, info, warning or error."""
    response.headers["HX-Trigger"] = json.dumps({"notice": {"text": text, "kind": kind}})
    if not swap:
        keep_page(response)
    return response
