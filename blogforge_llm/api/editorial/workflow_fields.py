"""/api/v1/workflow/fields: the fields of the workflow as rows. What posts say in them is fields.py."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial import workflow as rows
from blogforge_llm.api.editorial import workflow_schemas as schemas
from blogforge_llm.api.editorial.actions import ActionOut
from blogforge_llm.errors import Missing
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Field
from blogforge_llm.services.editorial import actions, workflow, workflow_fields, workflow_order
from blogforge_llm.services.editorial.workflow_archival import Noun

bp = Blueprint("workflow_fields", __name__, url_prefix="/api/v1/workflow/fields", description="What posts are asked.")


@bp.route("")
class Fields(MethodView):
    @bp.arguments(schemas.ArchivedQuery, location="query")
    @bp.response(200, schemas.WorkflowFieldOut(many=True))
    @bp.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[Field]:
        """List the fields in the order of the pages

        A field's key is also the template variable that its text fills.
        """
        with db.transaction() as conn:
            found = workflow.list_every_field(conn)
        return rows.page([row for row in found if row.is_living != query["archived"]], pagination_parameters)

    @bp.arguments(schemas.NewWorkflowFieldIn)
    @bp.response(201, schemas.WorkflowFieldOut)
    @bp.alt_response(409, description=rows.TAKEN)
    def post(self, data: dict[str, Any]) -> Field:
        """Add a field"""
        with db.transaction() as conn:
            substage_id = _substage_id(conn, data.pop("substage"))
            return workflow_fields.create(conn, actor=current(), substage_id=substage_id, **data)


@bp.put("/order")
@bp.arguments(schemas.FieldOrderIn)
@bp.response(200, schemas.WorkflowOrderOut)
@bp.alt_response(409, description=rows.MOVED_ON)
def reorder(data: dict[str, Any]) -> dict[str, Any]:
    """Put the fields of a sub-stage in another order

    To move one to another sub-stage, change its `substage`.
    """
    with db.transaction() as conn:
        substage_id = _substage_id(conn, data.pop("substage"))
        return rows.order_out(workflow_order.reorder_fields(conn, actor=current(), substage_id=substage_id, **data))


@bp.route("/<int:field_id>")
class FieldById(MethodView):
    @bp.response(200, schemas.WorkflowFieldOut)
    @bp.alt_response(404, description="No such field.")
    def get(self, field_id: int) -> Field:
        """Get a field, archived or not"""
        with db.transaction() as conn:
            return workflow_fields.get(conn, field_id=field_id)

    @bp.arguments(schemas.WorkflowFieldIn)
    @bp.response(200, schemas.WorkflowFieldOut)
    @bp.alt_response(404, description="No such field.")
    @bp.alt_response(409, description=rows.TAKEN)
    def patch(self, data: dict[str, Any], field_id: int) -> Field:
        """Change a field

        Only what is sent changes, and no text does: one that no longer fits stays, and may get shorter step by step.
        """
        with db.transaction() as conn:
            if "substage" in data:
                data["substage_id"] = _substage_id(conn, data.pop("substage"))
            return workflow_fields.update(conn, actor=current(), field_id=field_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="No such field.")
    @bp.alt_response(409, description=rows.REFUSED)
    def delete(self, field_id: int) -> None:
        """Archive a field

        Its texts are kept, stay readable, and come back with it.
        """
        rows.archive(Noun.FIELD, field_id)


@bp.get("/<int:field_id>/archival")
@bp.response(200, schemas.ArchivalOut)
@bp.alt_response(404, description="No such field.")
def field_impact(field_id: int) -> dict[str, Any]:
    """See what archiving a field would do"""
    return rows.impact(Noun.FIELD, field_id)


@bp.post("/<int:field_id>/restoration")
@bp.response(200, schemas.WorkflowFieldOut)
@bp.alt_response(404, description="No such field.")
def restore(field_id: int) -> Any:
    """Bring an archived field back"""
    return rows.restore(Noun.FIELD, field_id)


@bp.put("/<int:field_id>/actions/order")
@bp.arguments(schemas.WorkflowOrderIn)
@bp.response(200, ActionOut(many=True))
@bp.alt_response(404, description="No such field.")
@bp.alt_response(409, description=rows.MOVED_ON)
def reorder_actions(data: dict[str, Any], field_id: int) -> list[Action]:
    """Put the actions of a field in another order

    The first one becomes the default: what a click on Automate asks.
    """
    with db.transaction() as conn:
        return actions.reorder(conn, actor=current(), field_id=field_id, **data)


def _substage_id(conn: db.Connection, key: str) -> int:
    found = next((step for step in workflow.everything(conn).substages if step.key == key), None)
    if found is None:
        raise Missing.field("substage", f"There is no sub-stage “{key[:60]}”.")
    return found.id
