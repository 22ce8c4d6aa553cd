"""The library: prompts in and out as one file."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import actions, library, library_document
from blogforge_llm.services.prompts import parts, templates
from blogforge_llm.web import forms, viewers

bp = Blueprint("library", __name__, url_prefix="/llm/library")

_PAGE = "editorial/library/index.html"


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template(_PAGE, report=None, errors={}, counts=_counts())


@bp.post("")
def create() -> ResponseReturnValue:
    """Import the uploaded file, or the starter library when none was sent. Answers with the page itself: its report is
    longer than a notice; sending it again changes nothing."""
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    upload = request.files.get("document")
    try:
        wanted = library_document.read(upload.read()) if upload else library.starter()
        with db.transaction() as conn:
            report = library.import_(conn, actor=viewers.current(), library=wanted)
    except forms.REFUSALS as refusal:
        return forms.again(_PAGE, refusal, report=None, counts=_counts())
    return render_template(_PAGE, report=report, errors={}, counts=_counts())


@bp.get("/document")
def document() -> ResponseReturnValue:
    with db.transaction() as conn:
        text = library_document.write(library.export(conn, actor=viewers.current()))
    headers = {"Content-Disposition": 'attachment; filename="blogforge-library.json"'}
    return Response(text, content_type="application/json", headers=headers)


def _counts() -> dict[str, int]:
    with db.transaction() as conn:
        return {"part": parts.count(conn), "template": templates.count(conn), "action": actions.count(conn)}
