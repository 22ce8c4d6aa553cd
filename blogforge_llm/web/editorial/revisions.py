"""The history of a field, and the way back to any older text of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services import diffs
from blogforge_llm.services.editorial import fields, posts, revisions
from blogforge_llm.web import forms, viewers
from blogforge_llm.web.editorial import pages, places

bp = Blueprint("revisions", __name__)

_PAGE = 10


@places.route(bp, "/revisions")
def index(**place: Any) -> ResponseReturnValue:
    """Each revision with what it changed of the one before it."""
    before = request.args.get("before", type=int)
    with db.transaction() as conn:
        post = posts.get(conn, post_id=place["post_id"])
        value = fields.get(conn, **place)
        found = revisions.list_(conn, **place, before_id=before, limit=_PAGE + 1)
    older = [revision.text for revision in found[1:]] + [""]
    rows = [(each, diffs.words(old, each.text)) for each, old in zip(found[:_PAGE], older, strict=False)]
    mark = found[_PAGE - 1].id if len(found) > _PAGE else None
    return render_template(
        "editorial/revisions/index.html", post=post, value=value, rows=rows, before=before, mark=mark
    )


@places.route(bp, "/restorations", method="POST")
def restore(**place: Any) -> ResponseReturnValue:
    """Undo after accepting, and Restore in the history. No revision means the empty field."""
    try:
        with db.transaction() as conn:
            revisions.restore(
                conn, actor=viewers.current(), **place,
                revision_id=request.form.get("revision_id", type=int), base_revision_id=pages.base_revision(),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return pages.refused(place, refusal)
    return pages.changed(place, notice="The older text is back.")
