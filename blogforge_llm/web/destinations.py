"""Where a form may send the browser afterwards: only to pages of this application, never to another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

_NOWHERE = ("/login/", "/logout/", "/setup/")  # being sent there after a login helps nobody


def local(path: str | None) -> str:
    """`path` when it is a path of ours, else "/". Browsers read `\\` as `/` and skip control characters."""
    path = path or "/"
    if not path.startswith("/") or path[1:2] in {"/", "\\"} or len(path) > 2000:
        return "/"
    if "\\" in path or any(ord(character) < 32 or ord(character) == 127 for character in path):
        return "/"
    return "/" if f"{urlsplit(path).path}/".startswith(_NOWHERE) else path


def here() -> str:
    """The page somebody looks at: this one, or for a form that was sent the page it came from."""
    if request.method == "GET":
        return local(request.full_path.rstrip("?"))
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc != request.host:
        return "/"
    return local(referrer.path + (f"?{referrer.query}" if referrer.query else ""))
