"""Posts over the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial.schemas import PostIn, PostOut, PostQuery, PostRowOut
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import posts

bp = Blueprint("posts", __name__, url_prefix="/api/v1/posts", description="Posts, from the idea to publication.")


@bp.route("")
class Posts(MethodView):
    @bp.arguments(PostQuery, location="query")
    @bp.response(200, PostRowOut(many=True))
    @bp.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[dict[str, Any]]:
        """List posts

        The last touched first. With `q` those whose title has all its words.
        """
        chosen = {"query": query.get("q", ""), "is_deleted": query["deleted"]}
        first, size = pagination_parameters.first_item, pagination_parameters.page_size
        with db.connection() as conn:
            pagination_parameters.item_count = posts.count(conn, **chosen)
            rows = posts.list_posts(conn, offset=first, limit=size, **chosen)
        return [asdict(row.post) | {"words": row.words, "stages": row.stages, "stale": row.stale} for row in rows]

    @bp.arguments(PostIn)
    @bp.response(201, PostOut)
    def post(self, data: dict[str, Any]) -> Post:
        """Begin a post with an idea

        The idea becomes the text of its first field, `idea_seed`.
        """
        with db.transaction() as conn:
            return posts.create(conn, actor=current(), idea=data["idea"])


@bp.route("/<int:post_id>")
class PostById(MethodView):
    @bp.response(200, PostOut)
    @bp.alt_response(404, description="No such post.")
    def get(self, post_id: int) -> Post:
        """Get a post, deleted or not"""
        with db.transaction() as conn:
            return posts.get(conn, post_id=post_id)

    @bp.response(204)
    @bp.alt_response(404, description="No such post.")
    def delete(self, post_id: int) -> None:
        """Delete a post

        Nothing in it is lost: it can be restored.
        """
        with db.transaction() as conn:
            posts.delete(conn, actor=current(), post_id=post_id)


@bp.post("/<int:post_id>/restore")
@bp.response(200, PostOut)
@bp.alt_response(404, description="No such post.")
def restore(post_id: int) -> Post:
    """Restore a deleted post"""
    with db.transaction() as conn:
        return posts.restore(conn, actor=current(), post_id=post_id)
