"""The library: prompts in and out as one file."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.library import Choice
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import actions, library, library_document
from blogforge_llm.services.prompts import parts, templates
from blogforge_llm.web import forms, viewers

bp = Blueprint("library", __name__, url_prefix="/llm/library")

_PAGE = "editorial/library/index.html"


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template(_PAGE, report=None, text="", errors={}, counts=_counts())


@bp.post("")
def create() -> ResponseReturnValue:
    """Import the uploaded file, or the starter library when none was sent, or look at what that would do. Answers with
    the page itself: its report is longer than a notice; sending it again changes nothing."""
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    form, upload = request.form, request.files.get("document")
    content = upload.read() if upload else form.get("text", "").encode("utf-8", "replace")
    try:
        wanted = library_document.read(content) if content or upload else library.starter()
        with db.transaction() as conn:
            report = library.import_(
                conn, actor=viewers.current(), library=wanted, choices=_choices(), dry_run=form.get("dry_run") == "1",
                on_conflict=_otherwise(),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again(_PAGE, refusal, report=None, text="", counts=_counts())
    text = content.decode("utf-8-sig") if report.is_dry_run else ""
    return render_template(_PAGE, report=report, text=text, errors={}, counts=_counts())


@bp.get("/document")
def document() -> ResponseReturnValue:
    with db.transaction() as conn:
        text = library_document.write(library.export(conn, actor=viewers.current()))
    headers = {"Content-Disposition": 'attachment; filename="blogforge-library.json"'}
    return Response(text, content_type="application/json", headers=headers)


def _choices() -> dict[str, Choice]:
    """What was chosen for single entries, by label."""
    pairs = zip(request.form.getlist("label"), request.form.getlist("choice"), strict=False)
    return {label: Choice(choice) for label, choice in pairs if choice in set(Choice)}


def _otherwise() -> Choice:
    wanted = request.form.get("on_conflict", "")
    return Choice(wanted) if wanted in set(Choice) else Choice.KEEP


def _counts() -> dict[str, int]:
    with db.transaction() as conn:
        return {"part": parts.count(conn), "template": templates.count(conn), "action": actions.count(conn)}
