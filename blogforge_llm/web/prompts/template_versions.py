"""Versions of a template: putting one to use, and an old one again."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.prompts import templates
from blogforge_llm.web import htmx, viewers

bp = Blueprint("template_versions", __name__, url_prefix="/llm/templates/<int:template_id>")


@bp.post("/published")
def publish(template_id: int) -> ResponseReturnValue:
    number = request.form.get("number", 0, type=int)
    with db.transaction() as conn:
        template = templates.publish(conn, actor=viewers.current(), template_id=template_id, number=number)
    flash(f"Version {template.version} of “{template.name}” is in use.", "success")
    return htmx.redirect_or(url_for("templates.show", template_id=template_id))


@bp.post("/versions/<int:number>/restoration")
def restore(template_id: int, number: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        template = templates.restore(conn, actor=viewers.current(), template_id=template_id, number=number)
    flash(f"The blocks of version {number} are in use again, as version {template.version}.", "success")
    return htmx.redirect_or(url_for("templates.show", template_id=template_id))
