"""Ideas and facts over the API, and their allocation to sections. A model is asked for labels like for any text: by a
suggestion for the post's field `allocation_labels`.
"""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api import errors
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial import section_schemas as schemas
from blogforge_llm.records.sections import Item, ItemKind
from blogforge_llm.services.editorial import board, items, posts
from blogforge_llm.services.editorial.board import Proposal

bp = Blueprint("items", __name__, url_prefix="/api/v1", description="Ideas and facts, and the sections they go to.")


@bp.route("/posts/<int:post_id>/items")
class Items(MethodView):
    @bp.response(200, schemas.PostItemOut(many=True))
    @bp.alt_response(404, description="No such post.")
    def get(self, post_id: int) -> list[Item]:
        """List the ideas and facts of a post

        Those without a section are the tray of what is not allocated.
        """
        with db.transaction() as conn:
            return items.list_for(conn, post_id=post_id)

    @bp.arguments(schemas.PostItemIn)
    @bp.response(201, schemas.PostItemOut)
    @bp.alt_response(404, description="No such post.")
    @bp.alt_response(409, description="The post is deleted, or has as many as it can.")
    def post(self, data: dict[str, Any], post_id: int) -> Item:
        """Add an idea or a fact by hand"""
        with db.transaction() as conn:
            return items.add(conn, actor=current(), post_id=post_id, kind=ItemKind(data["kind"]), text=data["text"])


@bp.post("/posts/<int:post_id>/items/collection")
@bp.arguments(schemas.CollectionIn)
@bp.response(200, schemas.PostItemOut(many=True))
@bp.alt_response(404, description="No such post.")
@bp.alt_response(409, description="The post is deleted, or has as many as it can.")
def collect(data: dict[str, Any], post_id: int) -> list[Item]:
    """Take ideas and facts from lists of the post

    One for each line that is none yet. Answers with the new ones.
    """
    with db.transaction() as conn:
        return items.collect(conn, actor=current(), post_id=post_id, field_keys=data["fields_"])


@bp.post("/posts/<int:post_id>/allocations")
@bp.arguments(schemas.AllocationIn)
@bp.response(200, schemas.AllocationOut)
@bp.alt_response(404, description="No such post.")
@bp.alt_response(
    409, description="No such labels for it, they were applied or are not there yet, or the post is deleted."
)
def allocate(data: dict[str, Any], post_id: int) -> Proposal:
    """Apply a model's labels

    A deterministic allocator places what is in the tray; nothing is lost or doubled. Ask again for what is left.
    """
    with db.transaction() as conn:
        posts.get(conn, post_id=post_id)
        with errors.named("suggestion_id"):
            return board.apply(conn, actor=current(), post_id=post_id, **data)


@bp.patch("/items/<int:item_id>")
@bp.arguments(schemas.RewordingIn)
@bp.response(200, schemas.PostItemOut)
@bp.alt_response(404, description="No such idea or fact.")
@bp.alt_response(409, description="Somebody reworded it before; `current` is {text}. Or something is deleted.")
def reword(data: dict[str, Any], item_id: int) -> Item:
    """Reword an idea or a fact

    Its code and its section stay. Texts that were written from it are stale. Undone like any move of an item.
    """
    with db.transaction() as conn:
        return items.reword(conn, actor=current(), item_id=item_id, **data)


@bp.delete("/items/<int:item_id>")
@bp.response(204)
@bp.alt_response(404, description="No such idea or fact.")
@bp.alt_response(409, description="The post is deleted.")
def delete(item_id: int) -> None:
    """Put an idea or a fact away"""
    with db.transaction() as conn:
        items.delete(conn, actor=current(), item_id=item_id)


@bp.post("/items/<int:item_id>/restoration")
@bp.response(200, schemas.PostItemOut)
@bp.alt_response(404, description="No such idea or fact.")
@bp.alt_response(409, description="The post is deleted.")
def restore(item_id: int) -> Item:
    """Bring an idea or a fact back"""
    with db.transaction() as conn:
        return items.restore(conn, actor=current(), item_id=item_id)


@bp.put("/items/<int:item_id>/allocation")
@bp.arguments(schemas.PlacementIn)
@bp.response(200, schemas.PostItemOut)
@bp.alt_response(404, description="No such idea, fact or section.")
@bp.alt_response(409, description="Somebody moved it before; `current` is {section_id}. Or something is deleted.")
def move(data: dict[str, Any], item_id: int) -> Item:
    """Move an idea or a fact to a section, or to the tray

    Compare-and-set on where it is.
    """
    with db.transaction() as conn:
        return items.move(conn, actor=current(), item_id=item_id, **data)
