"""The editorial workflow over the API: rows to read."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.records.editorial import Field, FieldKind, Scope, Stage, Substage
from blogforge_llm.services.editorial import workflow

bp = Blueprint("workflow", __name__, url_prefix="/api/v1/workflow", description="Stages, sub-stages and fields.")


class StageOut(Schema):
    """A stage."""

    id = fields.Integer(metadata={"example": 1})
    key = fields.String(metadata={"example": "planning"})
    name = fields.String(metadata={"example": "Planning"})
    position = fields.Integer(metadata={"example": 1})


class SubstageOut(StageOut):
    """A step of a stage, one page of the workflow."""

    stage = fields.String(attribute="stage_key", metadata={"example": "planning"})
    icon = fields.String(metadata={"example": "lightbulb"})


class WorkflowFieldOut(StageOut):
    """A field that every post, or every section, has."""

    substage = fields.String(attribute="substage_key", metadata={"example": "idea"})
    kind = fields.String(
        validate=validate.OneOf([kind.value for kind in FieldKind]),
        metadata={"description": "A `list` has one item per line.", "example": "text"},
    )
    help = fields.String(metadata={"example": "The idea in a paragraph."})
    scope = fields.String(
        validate=validate.OneOf([scope.value for scope in Scope]),
        metadata={"description": "Whether posts have it, their sections, or the allocation board.", "example": "post"},
    )
    max_length = fields.Integer(metadata={"description": "Characters.", "example": 200000})


@bp.get("/stages")
@bp.response(200, StageOut(many=True))
@bp.paginate()
def stages(pagination_parameters: Any) -> list[Stage]:
    """List the stages in order"""
    with db.transaction() as conn:
        return _page(workflow.list_stages(conn), pagination_parameters)


@bp.get("/substages")
@bp.response(200, SubstageOut(many=True))
@bp.paginate()
def substages(pagination_parameters: Any) -> list[Substage]:
    """List the sub-stages in order

    A sub-stage is a page of the workflow.
    """
    with db.transaction() as conn:
        return _page(workflow.list_substages(conn), pagination_parameters)


@bp.get("/fields")
@bp.response(200, WorkflowFieldOut(many=True))
@bp.paginate()
def list_fields(pagination_parameters: Any) -> list[Field]:
    """List the fields in the order of the pages

    A field's key is also the template variable that its text fills.
    """
    with db.transaction() as conn:
        return _page(workflow.list_fields(conn), pagination_parameters)


def _page(rows: list[Any], page: Any) -> list[Any]:
    page.item_count = len(rows)
    return rows[page.first_item : page.last_item + 1]
