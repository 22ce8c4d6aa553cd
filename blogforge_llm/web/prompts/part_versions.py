"""Versions of a part: putting one to use, an old one again, declining one, and comparing any two."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.prompts import comparisons, impacts, parts
from blogforge_llm.web import htmx, pages, viewers
from blogforge_llm.web.prompts import histories

bp = Blueprint("part_versions", __name__, url_prefix="/llm/parts/<int:part_id>")


@bp.post("/published")
def publish(part_id: int) -> ResponseReturnValue:
    number = request.form.get("number", 0, type=int)
    with db.transaction() as conn:
        part = parts.publish(conn, actor=viewers.current(), part_id=part_id, number=number)
    flash(f"Version {part.version} of “{part.name}” is in use.", "success")
    return htmx.redirect_or(url_for("parts.show", part_id=part_id))


@bp.post("/versions/<int:number>/refusal")
def decline(part_id: int, number: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        part = parts.decline(conn, actor=viewers.current(), part_id=part_id, number=number)
    flash(f"Version {number} of “{part.name}” is declined. It stays in the history.", "success")
    return htmx.redirect_or(url_for("parts.show", part_id=part_id))


@bp.get("/comparison")
def compare(part_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        part = parts.get(conn, part_id=part_id)
        pair = histories.pair(part)
        versions = parts.list_versions(conn, part_id=part_id, limit=histories.MOST_OFFERED)
        comparison = comparisons.of_part(conn, part_id=part_id, **pair)
    return render_template(
        "prompts/comparison.html", thing=part, comparison=comparison, versions=versions,
        url=url_for("parts.show", part_id=part_id), plural="Parts", list_url=url_for("parts.index"),
    )  # fmt: skip


@bp.get("/versions/<int:number>/impact")
def impact(part_id: int, number: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        page = pages.at(impacts.count(conn, part_id=part_id), size=10)
        found = impacts.of_part(
            conn, actor=viewers.current(), part_id=part_id, number=number, limit=page.size, offset=page.offset
        )  # fmt: skip
    return render_template("prompts/parts/impact.html", impact=found, page=page)
