"""What goes in and out of the workflow's rows."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import Id, Key, Line, Text, Version, Whole
from blogforge_llm.records.editorial import FieldKind, Scope
from blogforge_llm.services.editorial import limits, workflow_fields
from blogforge_llm.services.editorial.workflow_steps import ICONS

_VERSION = {"description": "Of the workflow the change was made from: a changed one is a 409.", "example": 12}
_STAGE = {"description": "The stage's key.", "example": "planning"}
_SUBSTAGE = {"description": "The sub-stage's key.", "example": "research"}
_KEY = {"description": "Made from the name when it is left out. It never changes.", "example": "fact_check"}
_FIELD_KEY = {
    "description": "Also the variable that its text fills in prompts. Fixed once used.",
    "not": {"enum": sorted(workflow_fields.KEYS_TAKEN)},
    "example": "facts",
}
_ARCHIVED = {"description": "null while it is in use."}
_SHAPE: Any = {"metadata": {"description": "A `list` has one item per line.", "example": "text"}}
_KIND = validate.OneOf([kind.value for kind in FieldKind])
_CHARACTERS: Any = {
    "validate": validate.Range(1, limits.MOST_CHARACTERS),
    "metadata": {"description": "The most characters. Texts from before a limit stay as they are.", "example": 600},
}  # fmt: skip
_WORDS: Any = {
    "allow_none": True, "validate": validate.Range(1, limits.MOST_WORDS),
    "metadata": {"description": "The most words; null: as many as the characters allow.", "example": 120},
}  # fmt: skip


class ArchivedQuery(Schema):
    archived = fields.Boolean(
        load_default=False, metadata={"description": "Those that are archived, instead of those in use."}
    )


class StageOut(Schema):
    """A stage."""

    id = fields.Integer(metadata={"example": 1})
    key = fields.String(metadata={"example": "planning"})
    name = fields.String(metadata={"example": "Planning"})
    position = fields.Integer(metadata={"example": 1})
    archived_at = fields.AwareDateTime(allow_none=True, metadata=_ARCHIVED)


class SubstageOut(StageOut):
    """A step of a stage, one page of the workflow."""

    stage = fields.String(attribute="stage_key", metadata=_STAGE)
    icon = fields.String(metadata={"example": "lightbulb"})
    is_in_use = fields.Boolean(attribute="is_living", metadata={"description": "Neither it nor its stage is archived."})


class WorkflowFieldOut(StageOut):
    """A field that every post, or every section, has."""

    substage = fields.String(attribute="substage_key", metadata=_SUBSTAGE)
    kind = fields.String(validate=_KIND, **_SHAPE)
    help = fields.String(metadata={"example": "The idea in a paragraph."})
    scope = fields.String(
        validate=validate.OneOf([scope.value for scope in Scope]),
        metadata={"description": "Whether posts have it, their sections, or the allocation board.", "example": "post"},
    )
    max_length = fields.Integer(metadata={"description": "Characters.", "example": 200000})
    max_words = fields.Integer(allow_none=True, metadata=_WORDS["metadata"])
    is_in_use = fields.Boolean(
        attribute="is_living", metadata={"description": "Neither it, nor its sub-stage, nor its stage is archived."}
    )


class StageIn(Schema):
    """Another name."""

    name = Line(max_length=60, required=True, metadata={"example": "Planning"})


class NewStageIn(StageIn):
    """A new stage, behind the others."""

    key = Key(metadata=_KEY)


class SubstageIn(Schema):
    """What may be changed on a sub-stage. Another stage moves it there, as the last one."""

    name = Line(max_length=60, metadata={"example": "Fact check"})
    icon = fields.String(validate=validate.OneOf(ICONS), metadata={"example": "search"})
    stage = Line(metadata=_STAGE)


class NewSubstageIn(SubstageIn):
    """A new sub-stage, the last one of its stage."""

    name = Line(max_length=60, required=True, metadata={"example": "Fact check"})
    stage = Line(required=True, metadata=_STAGE)
    key = Key(metadata=_KEY)


class WorkflowFieldIn(Schema):
    """What may be changed on a field. No text in it changes by that."""

    substage = Line(metadata=_SUBSTAGE)
    key = Key(metadata=_FIELD_KEY)
    name = Line(max_length=60, metadata={"example": "Facts"})
    kind = fields.String(validate=_KIND, **_SHAPE)
    help = Text(validate=validate.Length(max=500), metadata={"example": "One checkable fact per line."})
    scope = fields.String(
        validate=validate.OneOf([Scope.POST.value, Scope.SECTION.value]),
        metadata={"description": "Whether posts have it or their sections. Fixed once used.", "example": "post"},
    )
    max_length = Whole(**_CHARACTERS)
    max_words = Whole(**_WORDS)


class NewWorkflowFieldIn(WorkflowFieldIn):
    """A new field, the last one of its sub-stage."""

    substage = Line(required=True, metadata=_SUBSTAGE)
    key = Key(required=True, metadata=_FIELD_KEY)
    name = Line(required=True, max_length=60, metadata={"example": "Facts"})


class WorkflowOrderIn(Schema):
    """Another order."""

    order = fields.List(
        Id(), required=True, metadata={"description": "The ids of all that are in use, once each.", "example": [2, 1]}
    )
    version = Version(required=True, metadata=_VERSION)


class SubstageOrderIn(WorkflowOrderIn):
    """Another order of the sub-stages of one stage."""

    stage = Line(required=True, metadata=_STAGE)


class FieldOrderIn(WorkflowOrderIn):
    """Another order of the fields of one sub-stage."""

    substage = Line(required=True, metadata=_SUBSTAGE)


class WorkflowOrderOut(Schema):
    """Which state of the workflow this is."""

    version = fields.Integer(metadata={"description": "Rises with every change.", "example": 12})
    stages = fields.List(fields.String(), metadata={"description": "Keys, in order.", "example": ["planning"]})
    substages = fields.List(fields.String(), metadata={"description": "Keys, in order.", "example": ["idea"]})
    fields_ = fields.List(
        fields.String(), data_key="fields", metadata={"description": "Keys, in order.", "example": ["idea_seed"]}
    )


class ArchivalOut(Schema):
    """What archiving would do."""

    fields_ = fields.List(fields.String(), data_key="fields", metadata={"description": "Keys of what leaves with it."})
    texts = fields.Integer(metadata={"description": "Written there; they are kept.", "example": 310})
    posts = fields.Integer(metadata={"description": "In so many posts.", "example": 120})
    waiting = fields.Integer(metadata={"description": "Suggestions nobody has decided about.", "example": 2})
    templates = fields.List(
        fields.String(), metadata={"description": "Whose prompts still need it.", "example": ["Main title"]}
    )
    problems = fields.List(fields.String(), metadata={"description": "Why it is refused; empty when it is not."})
