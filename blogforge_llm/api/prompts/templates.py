"""/api/v1/llm/templates: ordered blocks, their versions, and what they would say."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api import errors
from blogforge_llm.api.authentication import current
from blogforge_llm.api.prompts import change_schemas as changes
from blogforge_llm.api.prompts import template_schemas as schemas
from blogforge_llm.api.prompts.part_schemas import PublishedIn
from blogforge_llm.records.prompts import Template, TemplateVersion, Usage
from blogforge_llm.services.editorial import materials, plans
from blogforge_llm.services.prompts import comparisons, previews, resolver, sizes, templates

bp = Blueprint(
    "templates", __name__, url_prefix="/api/v1/llm/templates", description="Prompts: parts and messages in order."
)


@bp.route("")
class Templates(MethodView):
    @bp.arguments(schemas.TemplateQuery, location="query")
    @bp.response(200, schemas.TemplateRowOut(many=True))
    @bp.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[Template]:
        """List templates

        By name.
        """
        with db.connection() as conn:
            pagination_parameters.item_count = templates.count(conn, **query)
            return templates.list_(
                conn, **query, limit=pagination_parameters.page_size, offset=pagination_parameters.first_item
            )

    @bp.arguments(schemas.NewTemplateIn)
    @bp.response(201, schemas.TemplateOut)
    @bp.alt_response(409, description="The name is taken, or a part is archived.")
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Create a template

        Its version 1 is published.
        """
        with db.transaction() as conn:
            return _whole(conn, templates.create(conn, actor=current(), **data))


@bp.route("/<int:template_id>")
class TemplateById(MethodView):
    @bp.response(200, schemas.TemplateOut)
    @bp.alt_response(404, description="There is no such template.")
    def get(self, template_id: int) -> dict[str, Any]:
        """Get a template"""
        with db.transaction() as conn:
            return _whole(conn, templates.get(conn, template_id=template_id))

    @bp.arguments(schemas.TemplateIn)
    @bp.response(200, schemas.TemplateOut)
    @bp.alt_response(404, description="There is no such template.")
    @bp.alt_response(409, description="The name is taken, a part is archived, or a second person is needed.")
    def patch(self, data: dict[str, Any], template_id: int) -> dict[str, Any]:
        """Change a template

        Only what is sent changes. Other blocks make a new version, published at once; name and description do not.
        """
        with db.transaction() as conn:
            return _whole(conn, templates.update(conn, actor=current(), template_id=template_id, **data))

    @bp.response(204)
    @bp.alt_response(404, description="There is no such template.")
    @bp.alt_response(409, description="An action uses it; the detail names which.")
    def delete(self, template_id: int) -> None:
        """Archive a template

        Tasks that were asked with it keep their prompts.
        """
        with db.transaction() as conn:
            templates.archive(conn, actor=current(), template_id=template_id)


@bp.post("/<int:template_id>/restoration")
@bp.response(200, schemas.TemplateOut)
@bp.alt_response(404, description="There is no such template.")
@bp.alt_response(409, description="Another template took its name, or a part of it is archived.")
def unarchive(template_id: int) -> dict[str, Any]:
    """Bring an archived template back"""
    with db.transaction() as conn:
        return _whole(conn, templates.unarchive(conn, actor=current(), template_id=template_id))


@bp.route("/<int:template_id>/versions")
class TemplateVersions(MethodView):
    @bp.response(200, schemas.TemplateVersionOut(many=True))
    @bp.alt_response(404, description="There is no such template.")
    @bp.paginate()
    def get(self, template_id: int, pagination_parameters: Any) -> list[TemplateVersion]:
        """List the versions of a template

        The newest first.
        """
        page = pagination_parameters
        with db.transaction() as conn:
            templates.get(conn, template_id=template_id)
            page.item_count = templates.count_versions(conn, template_id=template_id)
            return templates.list_versions(conn, template_id=template_id, limit=page.page_size, offset=page.first_item)

    @bp.arguments(schemas.TemplateVersionIn)
    @bp.response(201, schemas.TemplateVersionOut)
    @bp.alt_response(200, schema=schemas.TemplateVersionOut, description="The version that has them already.")
    @bp.alt_response(404, description="There is no such template.")
    @bp.alt_response(409, description="A part is archived, or a second person is needed to publish.")
    def post(self, data: dict[str, Any], template_id: int) -> tuple[TemplateVersion, int]:
        """Add a version

        It waits until it is published. The blocks of the published or of the newest version make no new one: that
        version is the answer.
        """
        with db.transaction() as conn:
            version, is_new = templates.add_version(conn, actor=current(), template_id=template_id, **data)
        return version, 201 if is_new else 200


@bp.get("/<int:template_id>/versions/<int:number>")
@bp.response(200, schemas.TemplateVersionOut)
@bp.alt_response(404, description="There is no such template or version.")
def show_version(template_id: int, number: int) -> TemplateVersion:
    """Get a version of a template"""
    with db.transaction() as conn:
        return templates.get_version(conn, template_id=template_id, number=number)


@bp.put("/<int:template_id>/published")
@bp.arguments(PublishedIn)
@bp.response(200, schemas.TemplateOut)
@bp.alt_response(404, description="There is no such template.")
@bp.alt_response(409, description="It has no such version, a part of that is archived, or an action could not go on.")
def publish(data: dict[str, Any], template_id: int) -> dict[str, Any]:
    """Put a version to use

    A newer one, or an older one again. While the template needs a second person, the version's author is refused (403).
    """
    with db.transaction() as conn:
        templates.get(conn, template_id=template_id)
        with errors.named("version"):
            template = templates.publish(conn, actor=current(), template_id=template_id, number=data["version"])
        return _whole(conn, template)


@bp.post("/<int:template_id>/preview")
@bp.arguments(schemas.PreviewIn)
@bp.response(200, schemas.PreviewOut)
@bp.alt_response(404, description="There is no such template.")
@bp.alt_response(409, description="It has no such version, it is archived, or there is no such post.")
def preview(data: dict[str, Any], template_id: int) -> dict[str, Any]:
    """See the prompt

    Exactly the messages a task with these inputs would send, and what they would cost at each model that may be asked.
    A missing or unknown variable is an error that names it.
    """
    asked = {name: data.pop(name, None) for name in ("route", "model")}
    max_tokens, post_id = data.pop("max_tokens", None), data.pop("post_id", None)
    with db.transaction() as conn:
        templates.get(conn, template_id=template_id)
        with errors.named("version"):
            wanted = previews.variables_of(conn, template_id=template_id, version=data.get("version"))
        if post_id is not None:
            with errors.named("post_id"):
                data["inputs"] = materials.of_post(conn, post_id=post_id, wanted=wanted) | data["inputs"]
        seen = previews.of_template(conn, template_id=template_id, **data)
        whom = plans.whom(conn, **asked)
        found = sizes.for_tokens(conn, tokens=seen.tokens, max_tokens=max_tokens, **whom)
    return {name: getattr(seen, name) for name in previews.Preview.__slots__} | {"sizes": found}


@bp.post("/<int:template_id>/versions/<int:number>/refusal")
@bp.response(200, schemas.TemplateOut)
@bp.alt_response(404, description="There is no such template or version.")
@bp.alt_response(409, description="That version does not wait to be published.")
def decline(template_id: int, number: int) -> dict[str, Any]:
    """Decline a version that waits

    It stays in the history.
    """
    with db.transaction() as conn:
        template = templates.decline(conn, actor=current(), template_id=template_id, number=number)
        return _whole(conn, template)


@bp.get("/<int:template_id>/comparison")
@bp.arguments(changes.VersionComparisonQuery, location="query")
@bp.response(200, changes.VersionComparisonOut)
@bp.alt_response(404, description="There is no such template or version.")
def compare(query: dict[str, Any], template_id: int) -> comparisons.Comparison:
    """Compare two versions

    Word by word, as written and as a model would read them.
    """
    with db.transaction() as conn:
        return comparisons.of_template(conn, template_id=template_id, **query)


@bp.get("/<int:template_id>/usages")
@bp.response(200, changes.UseOut(many=True))
@bp.alt_response(404, description="There is no such template.")
def list_usages(template_id: int) -> list[Usage]:
    """List where a template is used

    The actions that ask with it. While there is any, it cannot be archived.
    """
    with db.transaction() as conn:
        templates.get(conn, template_id=template_id)
        return templates.list_usages(conn, template_id=template_id)


def _whole(conn: db.Connection, template: Template) -> dict[str, Any]:
    version = templates.get_version(conn, template_id=template.id, number=template.version)
    values = {name: getattr(template, name) for name in Template.__slots__}
    return values | {"blocks": version.blocks, "variables": resolver.variables(conn, template.version_id)}
