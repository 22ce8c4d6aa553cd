"""The whole article of a post: to read, and at two moments side by side. How far each block is: posts.show."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services import diffs
from blogforge_llm.services.editorial import articles, posts

bp = Blueprint("articles", __name__, url_prefix="/posts/<int:post_id>")


@bp.get("/preview")
def show(post_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        reading = articles.read(conn, post_id=post_id)
    return render_template("editorial/articles/show.html", reading=reading, post=reading.post)


@bp.get("/comparison")
def compare(post_id: int) -> ResponseReturnValue:
    """Two moments by their revisions; the oldest that can be chosen and the newest unless named."""
    with db.transaction() as conn:
        post = posts.get(conn, post_id=post_id)
        moments = articles.list_moments(conn, post_id=post_id)
        asked = {"before_id": request.args.get("from", type=int), "after_id": request.args.get("to", type=int)}
        before, after = articles.choose(conn, post_id=post_id, **asked)
        found = articles.compare(conn, post_id=post_id, before=before, after=after)
    rows = [(each, diffs.words(each.before, each.after)) for each in found]
    return render_template(
        "editorial/articles/comparison.html", post=post, moments=moments, before=before, after=after, rows=rows
    )
