"""/metrics for Prometheus: to this machine itself, or with an admin's API token. What it looks like: exposition.py."""

from __future__ import annotations

from ipaddress import ip_address

from flask import Blueprint, Response, request

from blogforge_llm import db, measuring
from blogforge_llm.errors import Unauthenticated
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions, tokens
from blogforge_llm.services.ops import metrics
from blogforge_llm.web.ops import exposition
from blogforge_llm.web.viewers import public

bp = Blueprint("metrics", __name__)

_OF_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


@bp.get("/metrics")
@public
def show() -> Response:
    if not _is_from_here():
        _require_admin()
    with db.transaction() as conn:
        metrics.add_up(conn)
    with db.connection() as conn:
        found = metrics.get(conn)
    return Response(exposition.write(found), content_type=measuring.CONTENT_TYPE)


def _is_from_here() -> bool:
    """A proxy on this machine brings everybody's requests from a loopback address: it says so in a header."""
    address = ip_address(request.remote_addr or "0.0.0.0")
    return address.is_loopback and not any(name in request.headers for name in _OF_PROXIES)


def _require_admin() -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    with db.transaction() as conn:
        user = tokens.find_user(conn, token=token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise Unauthenticated("Send an admin's API token: `Authorization: Bearer TOKEN`.")
    permissions.require(user, Permission.KEEP_SETTINGS)
