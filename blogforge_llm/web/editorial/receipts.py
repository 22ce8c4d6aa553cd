"""Where a field's text came from, and what somebody says about it: that it stays although its sources changed, that it
is done."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.editorial import marks, posts, receipts, sections, staleness
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial import pages, places

bp = Blueprint("receipts", __name__)


@places.route(bp, "/receipt")
def show(**place: Any) -> ResponseReturnValue:
    section_id = place.get("section_id")
    with db.transaction() as conn:
        post = posts.get(conn, post_id=place["post_id"])
        receipt = receipts.get(conn, actor=viewers.current(), **place)
        section = sections.get(conn, section_id=section_id) if section_id is not None else None
        changes = receipts.changes(receipt)
    return render_template("editorial/receipts/show.html", post=post, section=section, receipt=receipt, changes=changes)


@places.route(bp, "/dismissal", method="POST")
def dismiss(**place: Any) -> ResponseReturnValue:
    """Keep a stale text as it is."""
    try:
        with db.transaction() as conn:
            staleness.dismiss(conn, actor=viewers.current(), **place)
    except forms.REFUSALS as refusal:
        return pages.refused(place, refusal)
    return pages.changed(place, notice="Kept as it is.")


@places.route(bp, "/completion", method="POST")
def complete(**place: Any) -> ResponseReturnValue:
    """Done, or no longer: from the overview, and back there."""
    actor = viewers.current()
    try:
        with db.transaction() as conn:
            if request.form.get("is_done") == "1":
                marks.complete(conn, actor=actor, **place, revision_id=pages.base_revision())
            else:
                marks.reopen(conn, actor=actor, **place)
    except forms.REFUSALS as refusal:
        return pages.refused(place, refusal)
    anchor = f"block-{place.get('section_id') or place['field_key']}"
    return htmx.redirect_or(url_for("posts.show", post_id=place["post_id"], _anchor=anchor))
