"""Routes over the API."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Flag, Id, Line
from blogforge_llm.records.registry import Route
from blogforge_llm.services.registry import routes

bp = Blueprint(
    "routes", __name__, url_prefix="/api/v1/llm/routes", description="Ordered lists of models: whom to ask, whom next."
)

_NAME = {"description": "Unique, in any case of letters.", "example": "Default"}
_ORDER = {
    "description": "Ids of models in the order to ask them.", "uniqueItems": True, "maxItems": routes.MOST_MODELS,
    "example": [1, 2],
}  # fmt: skip


class RouteIn(Schema):
    """What may be changed on a route."""

    name = Line(max_length=100, metadata=_NAME)
    model_ids = fields.List(Id(), metadata=_ORDER)
    is_default = Flag(
        metadata={"description": "true makes it the default in place of the former one.", "example": True}
    )


class NewRouteIn(RouteIn):
    """A new route."""

    name = Line(required=True, max_length=100, metadata=_NAME)
    model_ids = fields.List(Id(), load_default=list, metadata=_ORDER)


class RouteModelOut(Schema):
    """A model in its place."""

    id = fields.Integer(metadata={"example": 1})
    name = fields.String(metadata={"example": "llama-3.3-70b-versatile"})
    provider = fields.String(attribute="provider_name", metadata={"example": "Groq"})
    enabled = fields.Function(
        lambda model: model.is_enabled and model.provider_is_enabled, metadata={"type": "boolean", "example": True}
    )


class RouteOut(Schema):
    """A route with its models in order."""

    id = fields.Integer(metadata={"example": 1})
    name = fields.String(metadata=_NAME)
    is_default = fields.Boolean(metadata={"example": True})
    model_ids = fields.Function(
        lambda route: [model.id for model in route.models],
        metadata={"type": "array", "items": {"type": "integer"}, "example": [1, 2]},
    )
    models = fields.List(fields.Nested(RouteModelOut))
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


@bp.route("")
class Routes(MethodView):
    @bp.response(200, RouteOut(many=True))
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[Route]:
        """List routes

        The default first, then by name.
        """
        with db.connection() as conn:
            pagination_parameters.item_count = routes.count(conn)
            return routes.list_all(conn, limit=pagination_parameters.page_size, offset=pagination_parameters.first_item)

    @bp.arguments(NewRouteIn)
    @bp.response(201, RouteOut)
    @bp.alt_response(409, description="The name is taken.")
    def post(self, data: dict[str, Any]) -> Route:
        """Create a route

        The first route becomes the default.
        """
        with db.transaction() as conn:
            return routes.create(conn, actor=current(), **data)


@bp.route("/<int:route_id>")
class RouteById(MethodView):
    @bp.response(200, RouteOut)
    @bp.alt_response(404, description="There is no such route.")
    def get(self, route_id: int) -> Route:
        """Get a route"""
        with db.transaction() as conn:
            return routes.get(conn, route_id=route_id)

    @bp.arguments(RouteIn)
    @bp.response(200, RouteOut)
    @bp.alt_response(404, description="There is no such route.")
    @bp.alt_response(409, description="The name is taken.")
    def patch(self, data: dict[str, Any], route_id: int) -> Route:
        """Change a route

        Only what is sent changes; `model_ids` is the whole new order.
        """
        with db.transaction() as conn:
            return routes.update(conn, actor=current(), route_id=route_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="There is no such route.")
    @bp.alt_response(409, description="It is the default, or an action asks it.")
    def delete(self, route_id: int) -> None:
        """Archive a route"""
        with db.transaction() as conn:
            routes.archive(conn, actor=current(), route_id=route_id)
