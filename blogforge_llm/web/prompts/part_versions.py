"""Versions of a part: putting one to use, and an old one again."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.prompts import parts
from blogforge_llm.web import htmx, viewers

bp = Blueprint("part_versions", __name__, url_prefix="/llm/parts/<int:part_id>")


@bp.post("/published")
def publish(part_id: int) -> ResponseReturnValue:
    number = request.form.get("number", 0, type=int)
    with db.transaction() as conn:
        part = parts.publish(conn, actor=viewers.current(), part_id=part_id, number=number)
    flash(f"Version {part.version} of “{part.name}” is in use.", "success")
    return htmx.redirect_or(url_for("parts.show", part_id=part_id))


@bp.post("/versions/<int:number>/restoration")
def restore(part_id: int, number: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        part = parts.restore(conn, actor=viewers.current(), part_id=part_id, number=number)
    flash(f"The words of version {number} are in use again, as version {part.version}.", "success")
    return htmx.redirect_or(url_for("parts.show", part_id=part_id))
