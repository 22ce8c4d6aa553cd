"""Sections of a post over the API."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial import section_schemas as schemas
from blogforge_llm.api.editorial.fields import named_base
from blogforge_llm.api.editorial.schemas import CursorQuery
from blogforge_llm.records.sections import Event, Section
from blogforge_llm.services.editorial import fields, headings, section_events, section_joints, sections
from blogforge_llm.services.editorial.headings import Proposal
from blogforge_llm.services.editorial.sections import Outline

bp = Blueprint("sections", __name__, url_prefix="/api/v1", description="The parts of an article, and their order.")

_MOVED_ON = "The order moved on from `version`, or the post is deleted; `current` is {version, order}."


@bp.route("/posts/<int:post_id>/sections")
class Sections(MethodView):
    @bp.response(200, schemas.OutlineOut)
    @bp.alt_response(404, description="No such post.")
    def get(self, post_id: int) -> Outline:
        """List the sections of a post in reading order

        With the version of that order, which changes name.
        """
        with db.transaction() as conn:
            return sections.outline(conn, post_id=post_id)

    @bp.arguments(schemas.SectionIn)
    @bp.response(201, schemas.SectionOut)
    @bp.alt_response(404, description="No such post, or no such section to follow.")
    @bp.alt_response(409, description="The post is deleted, or has as many sections as it can.")
    def post(self, data: dict[str, Any], post_id: int) -> Section:
        """Add a section"""
        with db.transaction() as conn:
            return sections.add(conn, actor=current(), post_id=post_id, **data)


@bp.put("/posts/<int:post_id>/sections/order")
@bp.arguments(schemas.OrderIn)
@bp.response(200, schemas.OutlineOut)
@bp.alt_response(404, description="No such post.")
@bp.alt_response(409, description=_MOVED_ON)
def reorder(data: dict[str, Any], post_id: int) -> Outline:
    """Put the sections in another order

    Compare-and-set on `version`. Texts are not touched.
    """
    with db.transaction() as conn:
        return sections.reorder(conn, actor=current(), post_id=post_id, **data)


@bp.get("/posts/<int:post_id>/sections/events")
@bp.arguments(CursorQuery, location="query")
@bp.response(200, schemas.SectionEventPage)
@bp.alt_response(404, description="No such post.")
def list_events(query: dict[str, Any], post_id: int) -> dict[str, Any]:
    """List what was done to the sections and their items, the newest first"""
    limit = query["limit"]
    with db.transaction() as conn:
        rows = section_events.list_for(conn, post_id=post_id, before_id=query.get("after"), limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}


@bp.post("/posts/<int:post_id>/sections/reversal")
@bp.arguments(schemas.ReversalIn)
@bp.response(200, schemas.SectionEventOut)
@bp.alt_response(404, description="No such post.")
@bp.alt_response(409, description="Something was done after it, or a text that it wrote was changed since.")
def undo(data: dict[str, Any], post_id: int) -> Event:
    """Undo the last thing done to the sections

    Answers with the event that was undone. All or nothing.
    """
    with db.transaction() as conn:
        return section_events.undo(conn, actor=current(), post_id=post_id, **data)


@bp.route("/posts/<int:post_id>/sections/headings")
class Headings(MethodView):
    @bp.response(200, schemas.HeadingsOut)
    @bp.alt_response(404, description="No such post.")
    def get(self, post_id: int) -> Proposal:
        """Compare the post's list of headings with its sections

        Says what would change; nothing does.
        """
        with db.transaction() as conn:
            return headings.propose(conn, post_id=post_id)

    @bp.arguments(schemas.HeadingsIn)
    @bp.response(200, schemas.OutlineOut)
    @bp.alt_response(404, description="No such post.")
    @bp.alt_response(409, description="The order or the list moved on, or the post is deleted.")
    def post(self, data: dict[str, Any], post_id: int) -> Outline:
        """Make the headings the sections

        Sections that no heading names are deleted, with their texts. One step, which can be undone.
        """
        with db.transaction() as conn:
            return headings.apply(
                conn, actor=current(), post_id=post_id, version=data["version"],
                base_revision_id=data["base_revision"], section_ids=data["sections"], kept_ids=data["keep"],
            )  # fmt: skip


@bp.route("/sections/<int:section_id>")
class SectionById(MethodView):
    @bp.response(200, schemas.SectionOut)
    @bp.alt_response(404, description="No such section.")
    def get(self, section_id: int) -> Section:
        """Get a section, deleted or not"""
        with db.transaction() as conn:
            return sections.get(conn, section_id=section_id)

    @bp.arguments(schemas.RenameIn)
    @bp.response(200, schemas.SectionOut)
    @bp.alt_response(404, description="No such section.")
    @bp.alt_response(409, description="The heading moved on, or the section or its post is deleted.")
    @bp.alt_response(428, description="`base_revision` was not named.")
    def patch(self, data: dict[str, Any], section_id: int) -> Section:
        """Rename a section

        The heading is the section's field `section_heading`, with a history like any other.
        """
        base = named_base(data)
        with db.transaction() as conn:
            post_id = sections.post_of(conn, section_id=section_id)
            fields.save(
                conn, actor=current(), post_id=post_id, section_id=section_id, field_key=sections.HEADING,
                text=data["heading"], base_revision_id=base,
            )  # fmt: skip
            return sections.get(conn, section_id=section_id)

    @bp.response(204)
    @bp.alt_response(404, description="No such section.")
    @bp.alt_response(409, description="The post is deleted.")
    def delete(self, section_id: int) -> None:
        """Delete a section

        It keeps its texts and can be restored; its items wait in the tray.
        """
        with db.transaction() as conn:
            sections.delete(conn, actor=current(), section_id=section_id)


@bp.post("/sections/<int:section_id>/restoration")
@bp.response(200, schemas.SectionOut)
@bp.alt_response(404, description="No such section.")
@bp.alt_response(409, description="The post is deleted.")
def restore(section_id: int) -> Section:
    """Restore a deleted section"""
    with db.transaction() as conn:
        return sections.restore(conn, actor=current(), section_id=section_id)


@bp.post("/sections/<int:section_id>/merger")
@bp.arguments(schemas.MergerIn)
@bp.response(200, schemas.SectionOut)
@bp.alt_response(404, description="No such section.")
@bp.alt_response(409, description=_MOVED_ON)
def merge(data: dict[str, Any], section_id: int) -> Section:
    """Merge a section into another one

    Texts are joined in reading order, items move. This section is deleted and keeps its own texts.
    """
    with db.transaction() as conn:
        return section_joints.merge(
            conn, actor=current(), section_id=section_id, into_id=data["into"], version=data["version"]
        )


@bp.post("/sections/<int:section_id>/division")
@bp.arguments(schemas.DivisionIn)
@bp.response(201, schemas.SectionOut)
@bp.alt_response(404, description="No such section or field.")
@bp.alt_response(409, description="The order or the text moved on, or the post is deleted.")
def split(data: dict[str, Any], section_id: int) -> Section:
    """Split a section between two paragraphs of one of its texts

    Answers with the new section, which follows this one.
    """
    with db.transaction() as conn:
        return section_joints.split(
            conn, actor=current(), section_id=section_id, field_key=data["field"], at=data["at"],
            heading=data["heading"], base_revision_id=data["base_revision"], version=data["version"],
        )  # fmt: skip
