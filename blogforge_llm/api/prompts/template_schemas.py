"""What goes in and out of /api/v1/llm/templates."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

from blogforge_llm.api.fields import FILLED, Flag, Id, Inputs, Line, Money, Text, Version, Whole
from blogforge_llm.records.prompts import Block, MessageRole
from blogforge_llm.services.prompts.blocks import MAX_BLOCKS
from blogforge_llm.services.prompts.rendering import MAX_SOURCE

_ROLE = validate.OneOf([role.value for role in MessageRole])
_NAME = {"description": "Unique, in any case of letters.", "example": "Basic idea from the seed"}
# One that speaks as the user, which a part may do.
_SPEAKS = {
    "anyOf": [
        {"required": ["part_id"], "properties": {"part_id": {"type": "integer"}}},
        {"required": ["role"], "properties": {"role": {"const": "user"}, "enabled": {"enum": [True, None]}}},
    ]
}
_BLOCKS = {
    "contains": _SPEAKS,
    "example": [{"part_id": 12}, {"role": "user", "content": "Write about {{ basic_idea }}."}],
}
_NOTE = {"description": "Why it was changed.", "example": "Asks for fewer words."}
_APPROVAL = {
    "description": "Whether nobody may publish a version they wrote, nor one of a part it speaks.",
    "example": False,
}
_TYPED = {
    "description": "Variables that whoever asks gives. When sent, any other that no field fills is refused.",
    "example": ["audience"],
}
_INPUTS = {
    "description": "A text, or a list of texts, for each variable.",
    "example": {"basic_idea": "Kilts for weddings"},
}


_NULL, _TEXT = {"type": "null"}, {"type": "string"}
_OF_A_PART = {"required": ["part_id"], "properties": {"part_id": {"type": "integer"}, "content": _NULL}}
_OF_ITS_OWN = {
    "required": ["role", "content"],
    "properties": {"part_id": _NULL, "role": _TEXT, "content": _TEXT | {"pattern": FILLED}},
}


class BlockSchema(Schema):
    """A part, by `part_id`, whose published version speaks; or a message of its own, with `role` and `content`."""

    rules = {"not": {"not": {"anyOf": [_OF_A_PART, _OF_ITS_OWN]}}}  # as TaskIn's: for generated clients

    part_id = Id(allow_none=True, metadata={"example": 12})
    role = fields.String(
        allow_none=True,
        validate=_ROLE,
        metadata={"description": "With a part: instead of the part's own role.", "example": "user"},
    )
    content = Text(
        allow_none=True, validate=validate.Length(max=MAX_SOURCE), metadata={"example": "Write about {{ basic_idea }}."}
    )
    optional = Flag(
        allow_none=True,
        attribute="is_optional",
        metadata={"description": "Left out while a variable of it is empty.", "example": False},
    )
    enabled = Flag(
        allow_none=True, attribute="is_enabled", metadata={"description": "false: it says nothing.", "example": True}
    )

    @pre_load
    def drop_nulls(self, data: Any, **_: Any) -> Any:
        """What GET answers may be sent back as it is."""
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data

    @validates_schema
    def check_source(self, data: dict[str, Any], **_: Any) -> None:
        if ("part_id" in data) == ("content" in data):
            raise ValidationError("A block has either part_id, or role and content.", "part_id")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Block:
        role = MessageRole(data.pop("role")) if "role" in data else None
        return Block(role=role, **data)


class BlockOut(Schema):
    """A block: a part, or a message of its own."""

    part_id = fields.Integer(allow_none=True)
    role = fields.String(allow_none=True)
    content = fields.String(allow_none=True)
    optional = fields.Boolean(attribute="is_optional")
    enabled = fields.Boolean(attribute="is_enabled")


class TemplateIn(Schema):
    """What may be changed on a template. Other blocks make a new version, published at once."""

    name = Line(metadata=_NAME)
    description = Text(validate=validate.Length(max=2000), metadata={"example": "Turns the seed into a brief."})
    blocks = fields.List(fields.Nested(BlockSchema), validate=validate.Length(1, MAX_BLOCKS), metadata=_BLOCKS)
    note = Text(validate=validate.Length(max=500), metadata=_NOTE)
    needs_approval = Flag(metadata=_APPROVAL)
    typed = fields.List(Text(validate=validate.Length(max=64)), metadata=_TYPED)


class NewTemplateIn(TemplateIn):
    """A new template."""

    name = Line(required=True, metadata=_NAME)
    blocks = fields.List(
        fields.Nested(BlockSchema), required=True, validate=validate.Length(1, MAX_BLOCKS), metadata=_BLOCKS
    )


class TemplateVersionIn(Schema):
    """Other blocks for a template."""

    blocks = fields.List(
        fields.Nested(BlockSchema), required=True, validate=validate.Length(1, MAX_BLOCKS), metadata=_BLOCKS
    )
    note = Text(validate=validate.Length(max=500), metadata=_NOTE)
    typed = fields.List(Text(validate=validate.Length(max=64)), metadata=_TYPED)
    publish = Flag(load_default=False, metadata={"description": "Put it to use at once.", "example": True})


class TemplateQuery(Schema):
    q = fields.String(load_default="", metadata={"description": "Words in name or description."})
    archived = fields.Boolean(load_default=False, attribute="is_archived")


class VariableOut(Schema):
    """What a template asks for."""

    name = fields.String(metadata={"example": "basic_idea"})
    label = fields.String(metadata={"example": "Basic idea"})
    required = fields.Boolean(attribute="is_required", metadata={"example": True})
    sources = fields.List(fields.String(), metadata={"description": "The parts and messages that use it."})


class TemplateRowOut(Schema):
    """A template as a list shows it."""

    id = fields.Integer(metadata={"example": 5})
    name = fields.String(metadata=_NAME)
    description = fields.String()
    needs_approval = fields.Boolean(metadata=_APPROVAL)
    version = fields.Integer(metadata={"description": "The number of the version in use.", "example": 1})
    version_id = fields.Integer(metadata={"example": 9})
    latest_version = fields.Integer(metadata={"description": "The number of the newest version.", "example": 2})
    waiting_version = fields.Integer(
        allow_none=True, metadata={"description": "A newer version nobody has published or declined.", "example": 2}
    )
    used_by = fields.Integer(metadata={"description": "How many actions ask with it.", "example": 1})
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    archived_at = fields.AwareDateTime(allow_none=True)


class TemplateOut(TemplateRowOut):
    """A template with the blocks in use and what they ask for."""

    blocks = fields.List(fields.Nested(BlockOut))
    variables = fields.List(fields.Nested(VariableOut))


class TemplateVersionOut(Schema):
    """The blocks of a template at one time; never changed."""

    id = fields.Integer(metadata={"example": 9})
    number = fields.Integer(metadata={"example": 1})
    note = fields.String(metadata=_NOTE)
    blocks = fields.List(fields.Nested(BlockOut))
    created_by = fields.String(attribute="created_by_name", allow_none=True, metadata={"example": "Ann"})
    created_at = fields.AwareDateTime()
    is_published = fields.Boolean(metadata={"description": "Whether it is the one in use."})
    published_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When it was first put to use."})
    published_by = fields.String(attribute="published_by_name", allow_none=True, metadata={"example": "Bob"})
    declined_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When it was found not wanted."})


class PreviewIn(Schema):
    """What to fill in, and whom it would go to."""

    inputs = Inputs(load_default=dict, metadata=_INPUTS)
    post_id = Id(metadata={"description": "A post whose fields fill what inputs leave out.", "example": 7})
    version = Version(metadata={"description": "Another version than the one in use.", "example": 1})
    route = Line(metadata={"description": "A route's name; the default one is left out.", "example": "Default"})
    model = Line(metadata={"description": "A model's name, to be asked alone.", "example": "llama-3.3-70b"})
    max_tokens = Whole(
        validate=validate.Range(1, 10_000_000),
        metadata={"description": "How long the answer may get; else as long as the model can.", "example": 1000},
    )


class PreviewMessageOut(Schema):
    role = fields.String(validate=_ROLE)
    content = fields.String()
    tokens = fields.Integer(metadata={"description": "Estimated.", "example": 120})


class SizeOut(Schema):
    """The prompt at one model that may be asked."""

    model_id = fields.Integer(metadata={"example": 3})
    model = fields.String(attribute="model_name", metadata={"example": "llama-3.3-70b-versatile"})
    provider = fields.String(attribute="provider_name", metadata={"example": "Groq"})
    enabled = fields.Boolean(attribute="is_enabled")
    tokens = fields.Integer(metadata={"description": "Estimated, of the prompt.", "example": 420})
    context_window = fields.Integer(allow_none=True, metadata={"example": 131072})
    max_tokens = fields.Integer(allow_none=True, metadata={"description": "Of the answer.", "example": 1000})
    too_long = fields.Boolean(
        attribute="is_too_long", metadata={"description": "Whether prompt and answer exceed the window."}
    )
    cost_from = Money(allow_none=True, metadata={"description": "USD, of the prompt alone.", "example": "0.0002"})
    cost_to = Money(allow_none=True, metadata={"description": "USD, with the longest answer.", "example": "0.0010"})


class PreviewOut(Schema):
    """Exactly what a task with these inputs would send."""

    messages = fields.List(fields.Nested(PreviewMessageOut))
    variables = fields.List(fields.Nested(VariableOut))
    omitted = fields.List(
        fields.String(), metadata={"description": "Optional blocks left out, as a variable is empty."}
    )
    tokens = fields.Integer(metadata={"description": "Estimated, of all messages.", "example": 420})
    sizes = fields.List(fields.Nested(SizeOut), metadata={"description": "One for each model that may be asked."})
    version_id = fields.Integer(attribute="template_version_id")
