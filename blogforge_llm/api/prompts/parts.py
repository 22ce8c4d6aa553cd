"""/api/v1/llm/parts: reusable pieces of prompts and their versions."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api import errors
from blogforge_llm.api.authentication import current
from blogforge_llm.api.prompts import change_schemas as changes
from blogforge_llm.api.prompts import part_schemas as schemas
from blogforge_llm.records.prompts import Part, PartVersion, Usage
from blogforge_llm.services.prompts import comparisons, impacts, parts

bp = Blueprint("parts", __name__, url_prefix="/api/v1/llm/parts", description="Reusable pieces of prompts.")


@bp.route("")
class Parts(MethodView):
    @bp.arguments(schemas.PartQuery, location="query")
    @bp.response(200, schemas.PartOut(many=True))
    @bp.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[Part]:
        """List parts

        In the order in which they usually stand in a template.
        """
        with db.connection() as conn:
            pagination_parameters.item_count = parts.count(conn, **query)
            return parts.list_(
                conn, **query, limit=pagination_parameters.page_size, offset=pagination_parameters.first_item
            )

    @bp.arguments(schemas.NewPartIn)
    @bp.response(201, schemas.PartOut)
    @bp.alt_response(409, description="The name is taken.")
    def post(self, data: dict[str, Any]) -> Part:
        """Create a part

        Its version 1 is published.
        """
        with db.transaction() as conn:
            return parts.create(conn, actor=current(), **data)


@bp.route("/<int:part_id>")
class PartById(MethodView):
    @bp.response(200, schemas.PartOut)
    @bp.alt_response(404, description="There is no such part.")
    def get(self, part_id: int) -> Part:
        """Get a part"""
        with db.transaction() as conn:
            return parts.get(conn, part_id=part_id)

    @bp.arguments(schemas.PartIn)
    @bp.response(200, schemas.PartOut)
    @bp.alt_response(404, description="There is no such part.")
    @bp.alt_response(409, description="The name is taken, or a template needs a second person.")
    def patch(self, data: dict[str, Any], part_id: int) -> Part:
        """Change a part

        Only what is sent changes. Other words make a new version, published at once; name, kind, description, tags and
        position do not.
        """
        with db.transaction() as conn:
            return parts.update(conn, actor=current(), part_id=part_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="There is no such part.")
    @bp.alt_response(409, description="A template uses it; the detail names which.")
    def delete(self, part_id: int) -> None:
        """Archive a part"""
        with db.transaction() as conn:
            parts.archive(conn, actor=current(), part_id=part_id)


@bp.post("/<int:part_id>/restoration")
@bp.response(200, schemas.PartOut)
@bp.alt_response(404, description="There is no such part.")
@bp.alt_response(409, description="Another part took its name.")
def unarchive(part_id: int) -> Part:
    """Bring an archived part back"""
    with db.transaction() as conn:
        return parts.unarchive(conn, actor=current(), part_id=part_id)


@bp.route("/<int:part_id>/versions")
class PartVersions(MethodView):
    @bp.response(200, schemas.PartVersionOut(many=True))
    @bp.alt_response(404, description="There is no such part.")
    @bp.paginate()
    def get(self, part_id: int, pagination_parameters: Any) -> list[PartVersion]:
        """List the versions of a part

        The newest first.
        """
        page = pagination_parameters
        with db.transaction() as conn:
            parts.get(conn, part_id=part_id)
            page.item_count = parts.count_versions(conn, part_id=part_id)
            return parts.list_versions(conn, part_id=part_id, limit=page.page_size, offset=page.first_item)

    @bp.arguments(schemas.PartVersionIn)
    @bp.response(201, schemas.PartVersionOut)
    @bp.alt_response(200, schema=schemas.PartVersionOut, description="The version that has them already.")
    @bp.alt_response(404, description="There is no such part.")
    @bp.alt_response(409, description="It was to be published, and a template needs a second person.")
    def post(self, data: dict[str, Any], part_id: int) -> tuple[PartVersion, int]:
        """Add a version

        It waits until it is published. The words of the published or of the newest version make no new one: that
        version is the answer.
        """
        with db.transaction() as conn:
            version, is_new = parts.add_version(conn, actor=current(), part_id=part_id, **data)
        return version, 201 if is_new else 200


@bp.get("/<int:part_id>/versions/<int:number>")
@bp.response(200, schemas.PartVersionOut)
@bp.alt_response(404, description="There is no such part or version.")
def show_version(part_id: int, number: int) -> PartVersion:
    """Get a version of a part"""
    with db.transaction() as conn:
        return parts.get_version(conn, part_id=part_id, number=number)


@bp.put("/<int:part_id>/published")
@bp.arguments(schemas.PublishedIn)
@bp.response(200, schemas.PartOut)
@bp.alt_response(404, description="There is no such part.")
@bp.alt_response(409, description="It has no such version, or an action or template could not go on with it.")
def publish(data: dict[str, Any], part_id: int) -> Part:
    """Put a version to use

    A newer one, or an older one again. Every template that refers to the part speaks it from now on. While one of them
    needs a second person, the version's author is refused (403).
    """
    with db.transaction() as conn:
        parts.get(conn, part_id=part_id)
        with errors.named("version"):
            return parts.publish(conn, actor=current(), part_id=part_id, number=data["version"])


@bp.post("/<int:part_id>/versions/<int:number>/refusal")
@bp.response(200, schemas.PartOut)
@bp.alt_response(404, description="There is no such part or version.")
@bp.alt_response(409, description="That version does not wait to be published.")
def decline(part_id: int, number: int) -> Part:
    """Decline a version that waits

    It stays in the history.
    """
    with db.transaction() as conn:
        part = parts.decline(conn, actor=current(), part_id=part_id, number=number)
        return part


@bp.get("/<int:part_id>/versions/<int:number>/impact")
@bp.arguments(changes.ImpactQuery, location="query")
@bp.response(200, changes.ImpactOut)
@bp.alt_response(404, description="There is no such part or version.")
def impact(query: dict[str, Any], part_id: int, number: int) -> impacts.Impact:
    """See what a version would change

    Every template that speaks the part, resolved before and after, with tokens and price, and the actions that ask with
    it. What it would break is named, and refused at publication.
    """
    with db.transaction() as conn:
        return impacts.of_part(conn, actor=current(), part_id=part_id, number=number, **query)


@bp.get("/<int:part_id>/comparison")
@bp.arguments(changes.VersionComparisonQuery, location="query")
@bp.response(200, changes.VersionComparisonOut)
@bp.alt_response(404, description="There is no such part or version.")
def compare(query: dict[str, Any], part_id: int) -> comparisons.Comparison:
    """Compare two versions

    Word by word, as written and as a model would read them.
    """
    with db.transaction() as conn:
        return comparisons.of_part(conn, part_id=part_id, **query)


@bp.get("/<int:part_id>/usages")
@bp.response(200, changes.UseOut(many=True))
@bp.alt_response(404, description="There is no such part.")
def list_usages(part_id: int) -> list[Usage]:
    """List where a part is used

    The templates it stands in. While there is any, it cannot be archived.
    """
    with db.transaction() as conn:
        parts.get(conn, part_id=part_id)
        return parts.list_usages(conn, part_id=part_id)
