"""The whole article of a post over the API: at a glance, to read, and at two moments."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.editorial.receipt_schemas import ArticleOut, DifferenceOut, MomentsQuery, ReadingOut
from blogforge_llm.records.articles import Difference, Reading
from blogforge_llm.services.editorial import articles

bp = Blueprint("articles", __name__, url_prefix="/api/v1/posts/<int:post_id>", description="Posts as whole articles.")


@bp.get("/overview")
@bp.response(200, ArticleOut)
@bp.alt_response(404, description="No such post.")
def overview(post_id: int) -> dict[str, Any]:
    """Get a post at a glance

    Every field and section in order with how far it is: empty, suggested, edited, stale or done.
    """
    with db.transaction() as conn:
        article = articles.overview(conn, post_id=post_id)
    blocks = [block for own in article.blocks.values() for block in own]
    return {"counts": article.counts, "stale": article.stale, "blocks": blocks}


@bp.get("/article")
@bp.response(200, ReadingOut)
@bp.alt_response(404, description="No such post.")
def show(post_id: int) -> Reading:
    """Get a post as readers get it

    Introduction, sections in their order, conclusion, as Markdown. It may hold what a model wrote: render it with a
    sanitiser.
    """
    with db.transaction() as conn:
        return articles.read(conn, post_id=post_id)


@bp.get("/comparison")
@bp.arguments(MomentsQuery, location="query")
@bp.response(200, DifferenceOut(many=True))
@bp.alt_response(404, description="No such post, or it had no text yet at a moment.")
def compare(query: dict[str, Any], post_id: int) -> list[Difference]:
    """Compare a post at two moments

    Only the texts that differ, in the order of the article.
    """
    with db.transaction() as conn:
        before, after = articles.choose(
            conn, post_id=post_id, before_id=query.get("before"), after_id=query.get("after")
        )
        return articles.compare(conn, post_id=post_id, before=before, after=after)
