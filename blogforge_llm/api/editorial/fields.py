"""The fields of a post over the API, and their history."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial.schemas import CursorQuery, FieldIn, FieldOut, RestoreIn, RevisionPage
from blogforge_llm.api.editorial.workflow_schemas import ArchivedQuery
from blogforge_llm.errors import BaseMissing
from blogforge_llm.records.editorial import Value
from blogforge_llm.records.staleness import StaleSource
from blogforge_llm.services.editorial import fields, revisions, staleness

bp = Blueprint("fields", __name__, url_prefix="/api/v1/posts/<int:post_id>/fields", description="What posts say.")

STALE = "The field moved on; `current` is what is there now: {revision, text, by, at}. Or the post is deleted."


@bp.get("")
@bp.arguments(ArchivedQuery, location="query")
@bp.response(200, FieldOut(many=True))
@bp.alt_response(404, description="No such post.")
def index(query: dict[str, Any], post_id: int) -> list[dict[str, Any]]:
    """List all fields of a post in the order of the workflow

    With `archived` instead those texts whose fields the workflow no longer has.
    """
    look = fields.list_archived if query["archived"] else fields.list_values
    with db.transaction() as conn:
        return values_out(conn, look(conn, post_id=post_id), post_id)


@bp.route("/<field_key>")
class Field(MethodView):
    @bp.response(200, FieldOut)
    @bp.alt_response(404, description="No such post or field.")
    def get(self, post_id: int, field_key: str) -> dict[str, Any]:
        """Get a field

        Name its `revision` as `base_revision` when you write it.
        """
        with db.transaction() as conn:
            return value_out(conn, post_id=post_id, field_key=field_key)

    @bp.arguments(FieldIn)
    @bp.response(200, FieldOut)
    @bp.alt_response(404, description="No such post or field.")
    @bp.alt_response(409, description=STALE)
    @bp.alt_response(428, description="`base_revision` was not named.")
    def put(self, data: dict[str, Any], post_id: int, field_key: str) -> dict[str, Any]:
        """Write a field

        Compare-and-set: only over the revision it was made from. The same text again changes nothing and succeeds.
        """
        base = named_base(data)
        with db.transaction() as conn:
            fields.save(
                conn, actor=current(), post_id=post_id, field_key=field_key, text=data["text"], base_revision_id=base
            )
            return value_out(conn, post_id=post_id, field_key=field_key)


@bp.get("/<field_key>/revisions")
@bp.arguments(CursorQuery, location="query")
@bp.response(200, RevisionPage)
@bp.alt_response(404, description="No such post or field.")
def list_revisions(query: dict[str, Any], post_id: int, field_key: str) -> dict[str, Any]:
    """List the history of a field, the newest first"""
    with db.transaction() as conn:
        return revision_page(conn, query, post_id=post_id, field_key=field_key)


@bp.post("/<field_key>/revisions/<int:revision_id>/restore")
@bp.arguments(RestoreIn)
@bp.response(200, FieldOut)
@bp.alt_response(404, description="No such post, field or revision.")
@bp.alt_response(409, description=STALE)
@bp.alt_response(428, description="`base_revision` was not named.")
def restore(data: dict[str, Any], post_id: int, field_key: str, revision_id: int) -> dict[str, Any]:
    """Restore an older text as a new revision"""
    base = named_base(data)
    with db.transaction() as conn:
        revisions.restore(
            conn, actor=current(), post_id=post_id, field_key=field_key, revision_id=revision_id, base_revision_id=base
        )
        return value_out(conn, post_id=post_id, field_key=field_key)


def named_base(data: dict[str, Any]) -> int | None:
    """Raises BaseMissing when the key is absent; null is a base, that of an empty field."""
    if "base_revision" not in data:
        raise BaseMissing("Name the revision your text was made from as `base_revision`; null for an empty field.")
    base: int | None = data["base_revision"]
    return base


def revision_page(conn: db.Connection, query: dict[str, Any], **place: Any) -> dict[str, Any]:
    limit = query["limit"]
    rows = revisions.list_(conn, **place, before_id=query.get("after"), limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}


def value_out(conn: db.Connection, **place: Any) -> dict[str, Any]:
    """A field as it is now."""
    value = fields.get(conn, **place)
    return values_out(conn, [value], place["post_id"])[0]


def values_out(conn: db.Connection, values: list[Value], post_id: int) -> list[dict[str, Any]]:
    stale = staleness.list_for(conn, post_id=post_id)
    return [_value_out(value, stale.get((value.section_id, value.field.key), [])) for value in values]


def _value_out(value: Value, stale: list[StaleSource]) -> dict[str, Any]:
    field, revision = value.field, value.revision
    return {
        "key": field.key, "name": field.name, "kind": field.kind, "substage": field.substage_key, "text": value.text,
        "words": revision.words if revision else 0, "revision": revision.id if revision else None,
        "updated_by": revision.user_name if revision else None, "updated_at": revision.created_at if revision else None,
        "stale": stale,
    }  # fmt: skip
