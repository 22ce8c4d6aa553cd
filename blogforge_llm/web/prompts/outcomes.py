"""Outcomes: how often what each template's prompts made was used, changed or refused."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.prompts import outcomes, templates
from blogforge_llm.services.prompts.outcomes import By
from blogforge_llm.web import viewers

bp = Blueprint("outcomes", __name__, url_prefix="/llm")


@bp.get("/outcomes")
def index() -> ResponseReturnValue:
    """All answers together: a stand-in's text was offered too."""
    with db.connection() as conn:
        found = outcomes.list_all(conn, actor=viewers.current(), with_fallbacks=True)
    return render_template("prompts/outcomes/index.html", outcomes=found)


@bp.get("/templates/<int:template_id>/outcomes")
def show(template_id: int) -> ResponseReturnValue:
    actor, with_fallbacks = viewers.current(), "fallbacks" in request.args
    with db.connection() as conn:
        template = templates.get(conn, template_id=template_id)
        versions, models = (
            outcomes.list_for(conn, actor=actor, template_id=template_id, by=by, with_fallbacks=with_fallbacks)
            for by in (By.VERSION, By.MODEL)
        )
    return render_template(
        "prompts/outcomes/show.html", template=template, versions=versions, models=models, with_fallbacks=with_fallbacks
    )
