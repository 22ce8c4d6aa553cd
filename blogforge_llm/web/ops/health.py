"""/healthz, and /health as clients of model servers ask: this process answers. /readyz: database, schema and a worker
are there too.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from blogforge_llm.services.ops import readiness
from blogforge_llm.web.viewers import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@bp.get("/health")
@public
def show() -> dict[str, str]:
    return {"status": "ok"}


@bp.get("/readyz")
@public
def ready() -> tuple[dict[str, Any], int]:
    checks = readiness.checks()
    is_ready = all(checks.values())
    return {"status": "ready" if is_ready else "not ready", "checks": checks}, 200 if is_ready else 503
