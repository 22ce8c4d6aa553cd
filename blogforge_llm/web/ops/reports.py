"""What browsers tell of our pages: errors of scripts (static/js/reports.js), and what the policy stopped.

Only of people who are logged in, and not more than errors.REPORTS_… a minute: the rest is refused.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from blogforge_llm.records.ops import ErrorSource
from blogforge_llm.services.ops import errors
from blogforge_llm.web import proxies, viewers

bp = Blueprint("reports", __name__)

LARGEST = 16_384


@bp.post("/client-errors")
def create_error() -> ResponseReturnValue:
    said = _body()
    if not isinstance(said, dict):
        raise BadRequest
    kind, message = _text(said, "name") or "Error", _text(said, "message")
    _report(ErrorSource.BROWSER, said, kind=kind, place=_text(said, "place"), message=message)
    return "", 204


@bp.post("/policy-reports")
def create_policy_report() -> ResponseReturnValue:
    """Both shapes there are: report-uri's, and the Reporting API's list."""
    said = _body()
    entries = said if isinstance(said, list) else [said]
    for entry in entries[:10]:
        facts = entry.get("csp-report", entry.get("body")) if isinstance(entry, dict) else None
        if isinstance(facts, dict):
            directive = _text(facts, "effective-directive", "effectiveDirective", "violated-directive")
            blocked = _text(facts, "blocked-uri", "blockedURL")
            source = f"{_text(facts, 'source-file', 'sourceFile')} stopped {blocked}"
            path = _text(facts, "document-uri", "documentURL")
            _report(ErrorSource.POLICY, {"path": path}, kind=directive or "policy", place=source, message=source)
    return "", 204


def _report(source: ErrorSource, said: dict[str, Any], *, kind: str, place: str, message: str) -> None:
    errors.report(
        source=source, kind=kind, place=place, message=message, trace=_text(said, "stack"), path=_text(said, "path"),
        address=proxies.address(), actor=viewers.current(),
    )  # fmt: skip


def _body() -> Any:
    if (request.content_length or 0) > LARGEST:
        raise RequestEntityTooLarge
    return request.get_json(force=True)


def _text(said: dict[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := said.get(name), str) and value), "")
