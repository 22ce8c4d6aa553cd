"""Static files under a path that carries a hash of the whole folder: cached for ever, replaced as one.

A versioned folder, not a versioned file: relative imports in CSS and JS stay inside their version.
"""

from __future__ import annotations

import functools
import hashlib

from flask import Blueprint, Flask, Request, Response, request, send_from_directory, url_for

from blogforge_llm.config import ROOT
from blogforge_llm.web.viewers import public

FOLDER = ROOT / "static"
bp = Blueprint("assets", __name__)


@functools.cache
def current_version() -> str:
    digest = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(FOLDER)}:{path.stat().st_mtime_ns}:{path.stat().st_size}\n".encode())
    return digest.hexdigest()[:12]


def asset(path: str) -> str:
    """The address of static/<path> in the version that runs."""
    return _address(root(), path)


def root() -> str:
    """Where the application is served. A page asks hundreds of times, and through the proxy it takes twice as long."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    return asked.script_root


@functools.lru_cache(maxsize=1000)
def _address(_root: str, path: str) -> str:
    """Made once for each root the application is served under: a page has hundreds of icons, and each asks."""
    return url_for("assets.show", version=current_version(), path=path)


@bp.get("/static/<version>/<path:path>")
@public
def show(version: str, path: str) -> Response:
    response = send_from_directory(FOLDER, path, conditional=True)
    is_current = version == current_version()
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_current else "no-cache"
    return response


def init(app: Flask) -> None:
    app.register_blueprint(bp)
    app.jinja_env.globals["asset"] = asset
