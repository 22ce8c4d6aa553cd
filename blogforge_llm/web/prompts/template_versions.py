"""Versions of a template: putting one to use, an old one again, declining one, and comparing any two."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.prompts import comparisons, templates
from blogforge_llm.web import htmx, viewers
from blogforge_llm.web.prompts import histories

bp = Blueprint("template_versions", __name__, url_prefix="/llm/templates/<int:template_id>")


@bp.post("/published")
def publish(template_id: int) -> ResponseReturnValue:
    number = request.form.get("number", 0, type=int)
    with db.transaction() as conn:
        template = templates.publish(conn, actor=viewers.current(), template_id=template_id, number=number)
    flash(f"Version {template.version} of “{template.name}” is in use.", "success")
    return htmx.redirect_or(url_for("templates.show", template_id=template_id))


@bp.post("/versions/<int:number>/refusal")
def decline(template_id: int, number: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        template = templates.decline(conn, actor=viewers.current(), template_id=template_id, number=number)
    flash(f"Version {number} of “{template.name}” is declined. It stays in the history.", "success")
    return htmx.redirect_or(url_for("templates.show", template_id=template_id))


@bp.get("/comparison")
def compare(template_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        template = templates.get(conn, template_id=template_id)
        pair = histories.pair(template)
        versions = templates.list_versions(conn, template_id=template_id, limit=histories.MOST_OFFERED)
        comparison = comparisons.of_template(conn, template_id=template_id, **pair)
    return render_template(
        "prompts/comparison.html", thing=template, comparison=comparison, versions=versions,
        url=url_for("templates.show", template_id=template_id), plural="Templates", list_url=url_for("templates.index"),
    )  # fmt: skip


@bp.post("/approval")
def require_approval(template_id: int) -> ResponseReturnValue:
    wanted = request.form.get("needs_approval") == "1"
    with db.transaction() as conn:
        templates.set_approval(conn, actor=viewers.current(), template_id=template_id, needs_approval=wanted)
    flash("A second person publishes from now on." if wanted else "Whoever writes may publish again.", "success")
    return htmx.redirect_or(url_for("templates.show", template_id=template_id))
