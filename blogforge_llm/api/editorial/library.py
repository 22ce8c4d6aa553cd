"""/api/v1/llm/library: parts, templates and actions as one document, in and out."""

from __future__ import annotations

import json
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import INCLUDE, Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.records.library import Choice, ImportReport
from blogforge_llm.services.editorial import library, library_document

bp = Blueprint(
    "library", __name__, url_prefix="/api/v1/llm/library", description="Prompts to take from one place to another."
)

_NAMES = {"example": ["Part: Plain words"]}
_FORMAT: dict[str, Any] = json.loads(library.schema())


def _members(name: str) -> dict[str, Any]:
    """As the published format says, whose names the document of the API does not know."""
    return {"type": "array", "items": _plain(_FORMAT["properties"][name]["items"]), "example": []}


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(_FORMAT["$defs"][node["$ref"].removeprefix("#/$defs/")])
    return {name: _plain(each) for name, each in node.items()}


class LibrarySchema(Schema):
    """A library: names instead of ids, so that it can be read elsewhere. Every mistake is named with its place."""

    class Meta:
        unknown = INCLUDE

    rules = {"required": _FORMAT["required"], "additionalProperties": False}

    format = fields.String(metadata={"const": library_document.FORMAT, "example": library_document.FORMAT})
    name = fields.String(metadata={"example": "House style"})
    description = fields.String()
    parts = fields.Raw(metadata=_members("parts"))
    templates = fields.Raw(metadata=_members("templates"))
    actions = fields.Raw(metadata=_members("actions"))


_CHOICE = validate.OneOf([choice.value for choice in Choice])


class ImportQuery(Schema):
    """How to import."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "Report what would be done, and do nothing."})
    on_conflict = fields.String(
        load_default="keep",
        validate=_CHOICE,
        metadata={"description": "What to do where something was edited or archived here, unless choices say so."},
    )


class ImportIn(LibrarySchema):
    """A library, and what to do with single entries of it."""

    choices = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=_CHOICE),
        load_default=dict,
        metadata={"description": "By the label of a conflict.", "example": {"Part: Plain words": "replace"}},
    )


class ConflictOut(Schema):
    """An entry that something here stands in the way of."""

    label = fields.String(metadata={"example": "Part: Plain words"})
    reason = fields.String(metadata={"example": "edited here"})
    choice = fields.String(validate=_CHOICE)


class ImportReportOut(Schema):
    """What an import did, or would do, by name."""

    name = fields.String(metadata={"example": "House style"})
    created = fields.List(fields.String(), metadata=_NAMES)
    updated = fields.List(fields.String(), metadata={"description": "The library changed it, and nobody here had."})
    unchanged = fields.List(fields.String())
    kept = fields.List(fields.String(), metadata={"description": "Edited or archived here, and left alone."})
    replaced = fields.List(fields.String(), metadata={"description": "Edited or archived here, and written over."})
    renamed = fields.List(fields.String(), metadata={"description": "Taken in beside it, under another name."})
    proposed = fields.List(fields.String(), metadata={"description": "Saved, and waiting for a second person."})
    conflicts = fields.List(fields.Nested(ConflictOut))
    dry_run = fields.Boolean(attribute="is_dry_run")


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

    @bp.arguments(ImportQuery, location="query")
    @bp.arguments(ImportIn)
    @bp.response(200, ImportReportOut)
    def post(self, query: dict[str, Any], data: dict[str, Any]) -> ImportReport:
        """Import a library

        All or nothing. What was edited here is kept unless you choose otherwise; importing again changes nothing.
        """
        choices = {label: Choice(choice) for label, choice in data.pop("choices").items()}
        on_conflict, wanted = Choice(query["on_conflict"]), library_document.of(data)
        with db.transaction() as conn:
            return library.import_(
                conn, actor=current(), library=wanted, choices=choices, on_conflict=on_conflict,
                dry_run=query["dry_run"],
            )  # fmt: skip


@bp.get("/schema")
@bp.response(200, {"type": "object"}, content_type="application/schema+json")
def schema() -> Response:
    """Get the format's JSON Schema"""
    return Response(library.schema(), content_type="application/schema+json")
