"""What goes in and out of posts, their fields and the suggestions for them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import LARGEST, Id, Line, Money, Text, Whole
from blogforge_llm.api.registry.presets import PresetParameters
from blogforge_llm.api.tasks.schemas import ErrorOut, UsageOut
from blogforge_llm.records.editorial import FieldKind, Origin, SuggestionStatus
from blogforge_llm.records.tasks import Source

_REVISION = {"description": "The field's newest revision; null while the field is empty.", "example": 41}
_BASE = {"description": "The revision the text was made from; null when the field was empty.", "example": 41}
_SOURCE = validate.OneOf([source.value for source in Source])


class CursorQuery(Schema):
    """For long lists, read by cursor."""

    after = fields.Integer(
        validate=validate.Range(1, LARGEST), metadata={"description": "The `next` of the page before.", "example": 41}
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200), metadata={"example": 50})


class PostIn(Schema):
    """A new post."""

    idea = Text(
        filled=True,
        required=True,
        metadata={"description": "What it is about; it becomes the first field.", "example": "Kilts for weddings"},
    )


class PostQuery(Schema):
    """Which posts."""

    q = fields.String(metadata={"description": "Words of the title, or their beginnings.", "example": "kilt wed"})
    deleted = fields.Boolean(load_default=False, metadata={"description": "The deleted ones instead of the others."})


class PostOut(Schema):
    """A post. Its title follows its fields."""

    id = fields.Integer(metadata={"example": 7})
    slug = fields.String(metadata={"example": "kilts-for-weddings"})
    title = fields.String(metadata={"example": "Kilts for weddings"})
    created_by = fields.String(attribute="created_by_name", allow_none=True, metadata={"example": "Alice"})
    created_at = fields.AwareDateTime()
    updated_by = fields.String(attribute="updated_by_name", allow_none=True, metadata={"example": "Bob"})
    updated_at = fields.AwareDateTime()
    deleted_at = fields.AwareDateTime(allow_none=True, metadata={"description": "null unless it is deleted."})


class ShareOut(Schema):
    """How many of a stage's fields are filled; each section counts as one."""

    key = fields.String(metadata={"example": "planning"})
    name = fields.String(metadata={"example": "Planning"})
    filled = fields.Integer(metadata={"example": 3})
    total = fields.Integer(metadata={"example": 9})


class PostRowOut(PostOut):
    """A post in the list."""

    words = fields.Integer(metadata={"description": "Of all fields together.", "example": 420})
    stages = fields.List(fields.Nested(ShareOut))
    stale = fields.Integer(metadata={"description": "How many texts are stale.", "example": 2})


class StaleSourceOut(Schema):
    """What a text was made from and that changed since."""

    variable = fields.String(metadata={"description": "Of the prompt; mostly a field's key.", "example": "basic_idea"})
    section_id = fields.Integer(
        attribute="source_section_id", allow_none=True, metadata={"description": "null: a field of the post."}
    )
    reason = fields.String(metadata={"example": "“Basic idea” changed after this was written."})
    used_revision = fields.Integer(
        attribute="used_revision_id", allow_none=True, metadata={"description": "null for items of the section."}
    )
    revision = fields.Integer(attribute="revision_id", allow_none=True, metadata={"description": "What is there now."})
    changed_by = fields.String(attribute="changed_by_name", allow_none=True, metadata={"example": "Alice"})
    changed_at = fields.AwareDateTime(allow_none=True)


class FieldOut(Schema):
    """What a post has in a field."""

    key = fields.String(metadata={"example": "basic_idea"})
    name = fields.String(metadata={"example": "Basic idea"})
    kind = fields.String(validate=validate.OneOf([kind.value for kind in FieldKind]), metadata={"example": "text"})
    substage = fields.String(metadata={"example": "idea"})
    text = fields.String(metadata={"description": "Empty when nothing was written.", "example": "A guide to kilts."})
    words = fields.Integer(metadata={"example": 4})
    revision = fields.Integer(allow_none=True, metadata=_REVISION)
    updated_by = fields.String(allow_none=True, metadata={"example": "Alice"})
    updated_at = fields.AwareDateTime(allow_none=True)
    stale = fields.List(
        fields.Nested(StaleSourceOut),
        metadata={"description": "Why the text is stale; empty when it is not. Ask again, or dismiss it."},
    )


class FieldIn(Schema):
    """A new text for a field."""

    rules = {"required": ["text", "base_revision"]}  # a missing base is a 428, not a 422

    text = Text(required=True, metadata={"description": "Empty clears the field.", "example": "A guide to kilts."})
    base_revision = Id(allow_none=True, metadata=_BASE | {"description": f"{_BASE['description']} Must be named."})


class RevisionOut(Schema):
    """One text a field had, and who or what made it."""

    id = fields.Integer(metadata={"example": 41})
    base_revision = fields.Integer(attribute="base_revision_id", allow_none=True, metadata=_BASE)
    text = fields.String()
    words = fields.Integer()
    origin = fields.String(
        validate=validate.OneOf([origin.value for origin in Origin]),
        metadata={"description": "`accepted` and `edited` come from a suggestion.", "example": "accepted"},
    )
    user = fields.String(attribute="user_name", allow_none=True, metadata={"example": "Alice"})
    is_autosave = fields.Boolean(metadata={"description": "Saved while typing; the next one may take its place."})
    restored_from = fields.Integer(attribute="restored_from_id", allow_none=True)
    suggestion_id = fields.Integer(allow_none=True)
    task_id = fields.Integer(allow_none=True)
    template = fields.String(attribute="template_name", allow_none=True, metadata={"example": "Expand the idea"})
    template_version = fields.Integer(attribute="template_number", allow_none=True, metadata={"example": 3})
    model = fields.String(attribute="model_name", allow_none=True, metadata={"description": "Which really answered."})
    provider = fields.String(attribute="provider_name", allow_none=True)
    is_ai = fields.Boolean(allow_none=True, metadata={"description": "false for echo and the like."})
    cost = Money(allow_none=True)
    cost_source = fields.String(allow_none=True, validate=_SOURCE)
    created_at = fields.AwareDateTime()


class RevisionPage(Schema):
    """Revisions, the newest first."""

    items = fields.List(fields.Nested(RevisionOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})


class RestoreIn(Schema):
    """An older text again."""

    rules = {"required": ["base_revision"]}  # a missing base is a 428, not a 422

    base_revision = Id(allow_none=True, metadata=_BASE | {"description": f"{_BASE['description']} Must be named."})


class SuggestionIn(Schema):
    """What to ask for. Without action the field's default one; without route and model the action's route."""

    rules = {"not": {"required": ["route", "model"]}}

    action_id = Id(metadata={"example": 4})
    route = Line(metadata={"description": "A route's name.", "example": "Default"})
    model = Line(
        metadata={"description": "A model's name, or `Provider/model` where several have it: it alone is asked."}
    )
    parameters = fields.Nested(PresetParameters)
    count = Whole(load_default=1, validate=validate.Range(1, 4), metadata={"description": "How many.", "example": 1})


class SuggestionOut(Schema):
    """A text offered to a field."""

    id = fields.Integer(metadata={"example": 12})
    post_id = fields.Integer(metadata={"example": 7})
    section_id = fields.Integer(
        allow_none=True, metadata={"description": "null for a field of the post itself.", "example": None}
    )
    field = fields.String(attribute="field_key", metadata={"example": "basic_idea"})
    status = fields.String(
        validate=validate.OneOf([status.value for status in SuggestionStatus]), metadata={"example": "pending"}
    )
    text = fields.String(
        attribute="output", allow_none=True, metadata={"description": "null until the model has finished."}
    )
    action_id = fields.Integer(allow_none=True)
    action = fields.String(attribute="action_name", allow_none=True, metadata={"example": "Expand the idea"})
    task_id = fields.Integer(metadata={"description": "Follow its stream for the text as it is written."})
    base_revision = fields.Integer(attribute="base_revision_id", allow_none=True, metadata=_BASE)
    model = fields.String(attribute="served_by", allow_none=True, metadata={"description": "Which really answered."})
    provider = fields.String(attribute="served_by_provider", allow_none=True)
    is_ai = fields.Boolean(allow_none=True, metadata={"description": "false for echo and the like."})
    error = fields.Method("_error", metadata={"description": "Why it failed: {category, message}; else null."})
    usage = fields.Method("_usage", metadata={"description": "{input_tokens, output_tokens} of all attempts."})
    cost = Money(allow_none=True)
    cost_source = fields.String(validate=_SOURCE)
    revision = fields.Integer(
        attribute="revision_id", allow_none=True, metadata={"description": "What accepting it made."}
    )
    edit_distance = fields.Float(
        allow_none=True, metadata={"description": "From the text to what was accepted of it, 0 to 1.", "example": 0.12}
    )
    passed_over_for = fields.Integer(
        allow_none=True, metadata={"description": "Discarded because this other suggestion was accepted."}
    )
    decided_by = fields.String(attribute="decided_by_name", allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    created_by = fields.String(attribute="created_by_name", allow_none=True)
    created_at = fields.AwareDateTime()

    def _error(self, suggestion: Any) -> Any:
        if suggestion.error_category is None:
            return None
        return ErrorOut().dump({"category": suggestion.error_category, "message": suggestion.error_message})

    def _usage(self, suggestion: Any) -> Any:
        return UsageOut().dump(suggestion)


class SuggestionPage(Schema):
    """Suggestions, the newest first."""

    items = fields.List(fields.Nested(SuggestionOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})


class AcceptIn(Schema):
    """How to accept. Without text the suggestion as it is, without base the revision it was made from."""

    text = Text(
        filled=True,
        metadata={"description": "The suggestion after your changes.", "example": "A short guide to kilts."},
    )
    base_revision = Id(allow_none=True, metadata=_BASE)
