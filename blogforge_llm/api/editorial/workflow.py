"""The editorial workflow over the API: stages, sub-stages, their order. Fields are workflow_fields.py."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial import workflow_schemas as schemas
from blogforge_llm.errors import Missing
from blogforge_llm.records.editorial import Stage, Substage, Workflow
from blogforge_llm.services.editorial import workflow, workflow_archival, workflow_order, workflow_steps
from blogforge_llm.services.editorial.workflow_archival import Impact, Noun

bp = Blueprint("workflow", __name__, url_prefix="/api/v1/workflow", description="Stages, sub-stages and fields.")

MOVED_ON = "The workflow moved on from `version`; `current` is {version}."
REFUSED = "The product itself, or prompts, still need a field that would leave with it."
TAKEN = "The key is taken, perhaps by an archived one."


@bp.get("/order")
@bp.response(200, schemas.WorkflowOrderOut)
def order() -> dict[str, Any]:
    """Get the version of the workflow, with what is in use in order

    Every change of an order names it.
    """
    with db.transaction() as conn:
        return order_out(workflow.everything(conn))


@bp.route("/stages")
class Stages(MethodView):
    @bp.arguments(schemas.ArchivedQuery, location="query")
    @bp.response(200, schemas.StageOut(many=True))
    @bp.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[Stage]:
        """List the stages in order"""
        with db.transaction() as conn:
            rows = workflow.everything(conn).stages
        rows = [row for row in rows if (row.archived_at is not None) == query["archived"]]
        return page(rows, pagination_parameters)

    @bp.arguments(schemas.NewStageIn)
    @bp.response(201, schemas.StageOut)
    @bp.alt_response(409, description=TAKEN)
    def post(self, data: dict[str, Any]) -> Stage:
        """Add a stage"""
        with db.transaction() as conn:
            return workflow_steps.create_stage(conn, actor=current(), **data)


@bp.put("/stages/order")
@bp.arguments(schemas.WorkflowOrderIn)
@bp.response(200, schemas.WorkflowOrderOut)
@bp.alt_response(409, description=MOVED_ON)
def reorder_stages(data: dict[str, Any]) -> dict[str, Any]:
    """Put the stages in another order"""
    with db.transaction() as conn:
        return order_out(workflow_order.reorder_stages(conn, actor=current(), **data))


@bp.route("/stages/<int:stage_id>")
class StageById(MethodView):
    @bp.response(200, schemas.StageOut)
    @bp.alt_response(404, description="No such stage.")
    def get(self, stage_id: int) -> Stage:
        """Get a stage, archived or not"""
        with db.transaction() as conn:
            return workflow_order.stage_of(workflow.everything(conn), stage_id)

    @bp.arguments(schemas.StageIn)
    @bp.response(200, schemas.StageOut)
    @bp.alt_response(404, description="No such stage.")
    def patch(self, data: dict[str, Any], stage_id: int) -> Stage:
        """Rename a stage"""
        with db.transaction() as conn:
            return workflow_steps.update_stage(conn, actor=current(), stage_id=stage_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="No such stage.")
    @bp.alt_response(409, description=REFUSED)
    def delete(self, stage_id: int) -> None:
        """Archive a stage with what is in it

        Every text is kept, and comes back with it.
        """
        archive(Noun.STAGE, stage_id)


@bp.get("/stages/<int:stage_id>/archival")
@bp.response(200, schemas.ArchivalOut)
@bp.alt_response(404, description="No such stage.")
def stage_impact(stage_id: int) -> dict[str, Any]:
    """See what archiving a stage would do"""
    return impact(Noun.STAGE, stage_id)


@bp.post("/stages/<int:stage_id>/restoration")
@bp.response(200, schemas.StageOut)
@bp.alt_response(404, description="No such stage.")
def restore_stage(stage_id: int) -> Any:
    """Bring an archived stage back"""
    return restore(Noun.STAGE, stage_id)


@bp.route("/substages")
class Substages(MethodView):
    @bp.arguments(schemas.ArchivedQuery, location="query")
    @bp.response(200, schemas.SubstageOut(many=True))
    @bp.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[Substage]:
        """List the sub-stages in order

        A sub-stage is a page of the workflow.
        """
        with db.transaction() as conn:
            rows = workflow.everything(conn).substages
        return page([row for row in rows if row.is_living != query["archived"]], pagination_parameters)

    @bp.arguments(schemas.NewSubstageIn)
    @bp.response(201, schemas.SubstageOut)
    @bp.alt_response(409, description=TAKEN)
    def post(self, data: dict[str, Any]) -> Substage:
        """Add a sub-stage"""
        with db.transaction() as conn:
            stage_id = _stage_id(conn, data.pop("stage"))
            return workflow_steps.create_substage(conn, actor=current(), stage_id=stage_id, **data)


@bp.put("/substages/order")
@bp.arguments(schemas.SubstageOrderIn)
@bp.response(200, schemas.WorkflowOrderOut)
@bp.alt_response(409, description=MOVED_ON)
def reorder_substages(data: dict[str, Any]) -> dict[str, Any]:
    """Put the sub-stages of a stage in another order

    To move one to another stage, change its `stage`.
    """
    with db.transaction() as conn:
        stage_id = _stage_id(conn, data.pop("stage"))
        return order_out(workflow_order.reorder_substages(conn, actor=current(), stage_id=stage_id, **data))


@bp.route("/substages/<int:substage_id>")
class SubstageById(MethodView):
    @bp.response(200, schemas.SubstageOut)
    @bp.alt_response(404, description="No such sub-stage.")
    def get(self, substage_id: int) -> Substage:
        """Get a sub-stage, archived or not"""
        with db.transaction() as conn:
            return workflow_order.substage_of(workflow.everything(conn), substage_id)

    @bp.arguments(schemas.SubstageIn)
    @bp.response(200, schemas.SubstageOut)
    @bp.alt_response(404, description="No such sub-stage.")
    def patch(self, data: dict[str, Any], substage_id: int) -> Substage:
        """Change a sub-stage

        Only what is sent changes. Its key, which addresses hold, stays.
        """
        with db.transaction() as conn:
            if "stage" in data:
                data["stage_id"] = _stage_id(conn, data.pop("stage"))
            return workflow_steps.update_substage(conn, actor=current(), substage_id=substage_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="No such sub-stage.")
    @bp.alt_response(409, description=REFUSED)
    def delete(self, substage_id: int) -> None:
        """Archive a sub-stage with its fields

        Every text is kept, and comes back with it.
        """
        archive(Noun.SUBSTAGE, substage_id)


@bp.get("/substages/<int:substage_id>/archival")
@bp.response(200, schemas.ArchivalOut)
@bp.alt_response(404, description="No such sub-stage.")
def substage_impact(substage_id: int) -> dict[str, Any]:
    """See what archiving a sub-stage would do"""
    return impact(Noun.SUBSTAGE, substage_id)


@bp.post("/substages/<int:substage_id>/restoration")
@bp.response(200, schemas.SubstageOut)
@bp.alt_response(404, description="No such sub-stage.")
def restore_substage(substage_id: int) -> Any:
    """Bring an archived sub-stage back"""
    return restore(Noun.SUBSTAGE, substage_id)


def order_out(found: Workflow) -> dict[str, Any]:
    return {
        "version": found.version, "stages": [row.key for row in found.stages if row.archived_at is None],
        "substages": [row.key for row in found.substages if row.is_living],
        "fields_": [row.key for row in found.fields if row.is_living],
    }  # fmt: skip


def archive(noun: Noun, row_id: int) -> None:
    with db.transaction() as conn:
        workflow_archival.archive(conn, actor=current(), noun=noun, row_id=row_id)


def restore(noun: Noun, row_id: int) -> Any:
    with db.transaction() as conn:
        return workflow_archival.restore(conn, actor=current(), noun=noun, row_id=row_id)


def impact(noun: Noun, row_id: int) -> dict[str, Any]:
    with db.transaction() as conn:
        found: Impact = workflow_archival.impact(conn, actor=current(), noun=noun, row_id=row_id)
    return {
        "fields_": [field.key for field in found.fields], "texts": found.texts, "posts": found.posts,
        "waiting": found.waiting, "templates": [naming.template.name for naming in found.blocking],
        "problems": found.problems,
    }  # fmt: skip


def page(rows: list[Any], page: Any) -> list[Any]:
    page.item_count = len(rows)
    return rows[page.first_item : page.last_item + 1]


def _stage_id(conn: db.Connection, key: str) -> int:
    found = next((stage for stage in workflow.everything(conn).stages if stage.key == key), None)
    if found is None:
        raise Missing.field("stage", f"There is no stage “{key[:60]}”.")
    return found.id
