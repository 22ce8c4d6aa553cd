"""/api/v1/llm/actions: what Automate does for a field."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Flag, Id, Line, Whole
from blogforge_llm.api.registry.presets import PresetParameters
from blogforge_llm.records.actions import Action
from blogforge_llm.services.editorial import actions, workflow
from blogforge_llm.services.editorial.contracts import SHAPES

bp = Blueprint("actions", __name__, url_prefix="/api/v1/llm/actions", description="What Automate does for a field.")

_NAME = {"description": "Unique among the field's actions.", "example": "Expand the seed"}
_FIELD = {"description": "The field's key.", "example": "basic_idea"}
_ROUTE = {"description": "null: the default route.", "example": None}
_CHOICE = {"description": "Nobody but a person may accept what it writes: a run stops there.", "example": False}
_PRESET = {"description": "Parameters under a name; `parameters` go over them.", "example": None}


class ContractSchema(Schema):
    """What an answer must be before an editor sees it; what is left out follows from the field."""

    shape = fields.String(allow_none=True, validate=validate.OneOf(SHAPES), metadata={"example": "line"})
    max_length = Whole(
        allow_none=True,
        validate=validate.Range(1, 1_000_000),
        metadata={"description": "Characters.", "example": 120},
    )
    min_items = Whole(allow_none=True, validate=validate.Range(1, 2000))
    max_items = Whole(allow_none=True, validate=validate.Range(1, 2000))


class ActionIn(Schema):
    """What may be changed on an action."""

    name = Line(metadata=_NAME)
    template_id = Id(metadata={"description": "Its required variables must be keys of fields.", "example": 5})
    route_id = Id(allow_none=True, metadata=_ROUTE)
    preset_id = Id(allow_none=True, metadata=_PRESET)
    parameters = fields.Nested(PresetParameters, metadata={"description": "Replaces all parameters of its own."})
    contract = fields.Nested(ContractSchema, metadata={"description": "Replaces the whole contract."})
    is_default = Flag(metadata={"description": "true makes it the field's default in place of the former one."})
    needs_choice = Flag(metadata=_CHOICE)


class NewActionIn(ActionIn):
    """A new action. The first one of a field becomes its default unless told otherwise."""

    field = Line(required=True, metadata=_FIELD)
    name = Line(required=True, metadata=_NAME)
    template_id = Id(
        required=True, metadata={"description": "Its required variables must be keys of fields.", "example": 5}
    )


class ActionQuery(Schema):
    archived = fields.Boolean(load_default=False, attribute="is_archived")


class ActionOut(Schema):
    """An action."""

    id = fields.Integer(metadata={"example": 3})
    field = fields.String(attribute="field_key", metadata=_FIELD)
    name = fields.String(metadata=_NAME)
    template_id = fields.Integer(metadata={"example": 5})
    template = fields.String(attribute="template_name", metadata={"example": "Basic idea from the seed"})
    route_id = fields.Integer(allow_none=True, metadata=_ROUTE)
    preset_id = fields.Integer(allow_none=True, metadata=_PRESET)
    parameters = fields.Nested(PresetParameters)
    contract = fields.Nested(ContractSchema)
    is_default = fields.Boolean(metadata={"example": True})
    needs_choice = fields.Boolean(metadata=_CHOICE)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    archived_at = fields.AwareDateTime(allow_none=True)


@bp.route("")
class Actions(MethodView):
    @bp.arguments(ActionQuery, location="query")
    @bp.response(200, ActionOut(many=True))
    @bp.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[Action]:
        """List actions

        In the order of the workflow, each field's default first.
        """
        with db.connection() as conn:
            pagination_parameters.item_count = actions.count(conn, **query)
            return actions.list_(
                conn, **query, limit=pagination_parameters.page_size, offset=pagination_parameters.first_item
            )

    @bp.arguments(NewActionIn)
    @bp.response(201, ActionOut)
    @bp.alt_response(404, description="There is no such field.")
    @bp.alt_response(409, description="The field has an action of that name.")
    def post(self, data: dict[str, Any]) -> Action:
        """Create an action"""
        with db.transaction() as conn:
            field = workflow.get_field(conn, key=data.pop("field"))
            return actions.create(conn, actor=current(), field_id=field.id, **data)


@bp.route("/<int:action_id>")
class ActionById(MethodView):
    @bp.response(200, ActionOut)
    @bp.alt_response(404, description="There is no such action.")
    def get(self, action_id: int) -> Action:
        """Get an action"""
        with db.transaction() as conn:
            return actions.get(conn, action_id)

    @bp.arguments(ActionIn)
    @bp.response(200, ActionOut)
    @bp.alt_response(404, description="There is no such action.")
    @bp.alt_response(409, description="The field has an action of that name, or this one is archived.")
    def patch(self, data: dict[str, Any], action_id: int) -> Action:
        """Change an action

        Only what is sent changes.
        """
        with db.transaction() as conn:
            return actions.update(conn, actor=current(), action_id=action_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="There is no such action.")
    def delete(self, action_id: int) -> None:
        """Archive an action

        When it was its field's default, the next one becomes that.
        """
        with db.transaction() as conn:
            actions.archive(conn, actor=current(), action_id=action_id)


@bp.post("/<int:action_id>/restoration")
@bp.response(200, ActionOut)
@bp.alt_response(404, description="There is no such action.")
@bp.alt_response(409, description="Another action took its name.")
def unarchive(action_id: int) -> Action:
    """Bring an archived action back"""
    with db.transaction() as conn:
        return actions.unarchive(conn, actor=current(), action_id=action_id)
