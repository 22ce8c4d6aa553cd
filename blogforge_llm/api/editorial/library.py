"""/api/v1/llm/library: parts, templates and actions as one document, in and out."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import INCLUDE, Schema, fields

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.records.library import ImportReport
from blogforge_llm.services.editorial import library, library_document

bp = Blueprint(
    "library", __name__, url_prefix="/api/v1/llm/library", description="Prompts to take from one place to another."
)

_NAMES = {"example": ["Part: Plain words"]}


class LibrarySchema(Schema):
    """A library: names instead of ids, so that it can be read elsewhere. Every mistake is named with its place."""

    class Meta:
        unknown = INCLUDE

    format = fields.String(metadata={"example": library_document.FORMAT})
    name = fields.String(metadata={"example": "House style"})
    description = fields.String()
    parts = fields.Raw(metadata={"type": "array", "items": {"type": "object"}, "example": []})
    templates = fields.Raw(metadata={"type": "array", "items": {"type": "object"}, "example": []})
    actions = fields.Raw(metadata={"type": "array", "items": {"type": "object"}, "example": []})


class ImportReportOut(Schema):
    """What an import did, by name."""

    name = fields.String(metadata={"example": "House style"})
    created = fields.List(fields.String(), metadata=_NAMES)
    updated = fields.List(fields.String(), metadata={"description": "The library changed it, and nobody here had."})
    unchanged = fields.List(fields.String())
    kept = fields.List(fields.String(), metadata={"description": "Edited or archived here, and so left alone."})


@bp.route("")
class Library(MethodView):
    @bp.response(200, LibrarySchema)
    def get(self) -> Response:
        """Export the library

        Every part, template and action that is not archived.
        """
        with db.transaction() as conn:
            text = library_document.write(library.export(conn, actor=current()))
        return Response(text, content_type="application/json")

    @bp.arguments(LibrarySchema)
    @bp.response(200, ImportReportOut)
    def post(self, data: dict[str, Any]) -> ImportReport:
        """Import a library

        All or nothing. What was edited here is kept; importing again changes nothing.
        """
        with db.transaction() as conn:
            return library.import_(conn, actor=current(), library=library_document.of(data))
