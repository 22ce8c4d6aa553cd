"""A template while it is being written: the form with its blocks moved, added or removed, and what it would say.
Nothing is saved here.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.web import htmx, viewers
from blogforge_llm.web.prompts import editors
from blogforge_llm.web.prompts.drafts import Draft

bp = Blueprint("template_drafts", __name__, url_prefix="/llm/templates")


@bp.post("/draft")
def update() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    return editors.page(Draft.read(request.form).changed(request.form))


@bp.post("/draft/preview")
def preview() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    draft = Draft.read(request.form)
    if not htmx.wants_fragment():
        return editors.page(draft)
    return render_template("prompts/templates/_preview.html", **editors.previewed(draft))


@bp.post("/draft/parts")
def parts() -> ResponseReturnValue:
    """The library beside the draft, narrowed."""
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    draft = Draft.read(request.form)
    if not htmx.wants_fragment():
        return editors.page(draft)
    return render_template("prompts/templates/_parts.html", **editors.library(draft))
