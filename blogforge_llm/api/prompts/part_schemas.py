"""What goes in and out of /api/v1/llm/parts."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import FILLED, Flag, Line, Text, Version, Whole
from blogforge_llm.records.prompts import MessageRole, PartKind
from blogforge_llm.services.prompts import grammar
from blogforge_llm.services.prompts.rendering import MAX_SOURCE

_KIND = validate.OneOf([kind.value for kind in PartKind])
_ROLE = validate.OneOf([role.value for role in MessageRole])
_NAME = {"description": "Unique, in any case of letters.", "example": "Plain words"}
_CONTENT = {
    "description": "`{{ name }}`, `{% for item in name %}` and `{% if name %}` are filled in. A data part's text "
    "stands before its fenced value, or around it where it has the variable's own placeholder.",
    "example": "Use short words and short sentences.",
}
_NAME_OF = r"^\s*([A-Za-z][A-Za-z0-9_]{0,63})?\s*$"
_FENCE_NAME = r"^\s*([A-Za-z][A-Za-z0-9_-]{0,63})?\s*$"
_VARIABLE = {
    "description": "Data parts: the variable whose value is brought in, fenced; where the text has one placeholder, "
    "that one's unless another is named.",
    "example": "basic_idea",
}
_NO_VARIABLE = {"anyOf": [{"type": "null"}, {"pattern": r"^\s*$"}, {"enum": sorted(grammar.RESERVED)}]}
_LABEL = {"description": "Data parts: what people call the variable.", "example": "Basic idea"}
_FENCE = {"description": "Data parts: the name of the marks around the value.", "example": "basic_idea"}
_NOTES = {"description": "For the people who keep it; no model reads them.", "example": "Ann wants it shorter."}
_TAGS = {"description": "At most 20.", "example": ["voice"]}
_POSITION = {"description": "Where it usually stands in a template, 0 to 1000.", "example": 20}
_NAMES = "A name is a letter, then letters, digits and _, at most 64."
_NOTE = {"description": "Why it was changed.", "example": "Shorter."}


class PartText(Schema):
    role = fields.String(validate=_ROLE, metadata={"description": "The role of its message.", "example": "system"})
    content = Text(validate=validate.Length(max=MAX_SOURCE), metadata=_CONTENT)
    variable = Text(
        allow_none=True, validate=[validate.Length(max=64), validate.Regexp(_NAME_OF, error=_NAMES)],
        metadata=_VARIABLE | {"pattern": _NAME_OF},
    )  # fmt: skip
    label = Text(allow_none=True, validate=validate.Length(max=100), metadata=_LABEL)
    fence = Text(
        allow_none=True, validate=[validate.Length(max=64), validate.Regexp(_FENCE_NAME, error=_NAMES)],
        metadata=_FENCE | {"pattern": _FENCE_NAME},
    )  # fmt: skip
    note = Text(validate=validate.Length(max=500), metadata=_NOTE)


class PartIn(PartText):
    """What may be changed on a part. Other words make a new version, published at once."""

    name = Line(metadata=_NAME)
    kind = fields.String(validate=_KIND, metadata={"example": "style"})
    description = Text(validate=validate.Length(max=2000), metadata={"example": "For readers in a hurry."})
    notes = Text(validate=validate.Length(max=10_000), metadata=_NOTES)
    tags = fields.List(Text(validate=validate.Length(max=50)), validate=validate.Length(max=20), metadata=_TAGS)
    position = Whole(validate=validate.Range(0, 1000), metadata=_POSITION)


class NewPartIn(PartIn):
    """A new part."""

    # A data part without text of its own brings its variable, which it must name; any other part says something.
    rules = {
        "not": {
            "anyOf": [
                {"properties": {"kind": {"not": {"const": "data"}}, "content": {"not": {"pattern": FILLED}}}},
                {
                    "properties": {
                        "kind": {"const": "data"},
                        "content": {"not": {"pattern": r"\{\{ ?[A-Za-z][A-Za-z0-9_]{0,63} ?\}\}"}},
                        "variable": _NO_VARIABLE,
                    }
                },
            ]
        }
    }

    name = Line(required=True, metadata=_NAME)
    kind = fields.String(required=True, validate=_KIND, metadata={"example": "style"})
    role = fields.String(required=True, validate=_ROLE, metadata={"example": "system"})
    content = Text(required=True, validate=validate.Length(max=MAX_SOURCE), metadata=_CONTENT)


class PartVersionIn(PartText):
    """Other words for a part; what is left out stays as it is published."""

    content = Text(required=True, validate=validate.Length(max=MAX_SOURCE), metadata=_CONTENT)
    publish = Flag(load_default=False, metadata={"description": "Put it to use at once.", "example": True})


class PartQuery(Schema):
    q = fields.String(load_default="", metadata={"description": "Words in name, description or text."})
    kind = fields.String(validate=_KIND)
    tag = fields.String(metadata={"example": "voice"})
    archived = fields.Boolean(load_default=False, attribute="is_archived")


class PartVersionOut(Schema):
    """The words of a part at one time; never changed."""

    id = fields.Integer(metadata={"example": 31})
    number = fields.Integer(metadata={"example": 2})
    role = fields.String(validate=_ROLE)
    content = fields.String(metadata=_CONTENT)
    variable = fields.String(allow_none=True, metadata=_VARIABLE)
    label = fields.String(allow_none=True, metadata=_LABEL)
    fence = fields.String(allow_none=True, metadata=_FENCE)
    note = fields.String(metadata=_NOTE)
    created_by = fields.String(attribute="created_by_name", allow_none=True, metadata={"example": "Ann"})
    created_at = fields.AwareDateTime()
    is_published = fields.Boolean(metadata={"description": "Whether it is the one in use."})
    published_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When it was first put to use."})
    published_by = fields.String(attribute="published_by_name", allow_none=True, metadata={"example": "Bob"})
    declined_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When it was found not wanted."})


class PartOut(Schema):
    """A part with the words in use."""

    id = fields.Integer(metadata={"example": 12})
    name = fields.String(metadata=_NAME)
    kind = fields.String(validate=_KIND)
    description = fields.String()
    notes = fields.String(metadata=_NOTES)
    tags = fields.List(fields.String(), metadata=_TAGS)
    position = fields.Integer(metadata=_POSITION)
    role = fields.String(validate=_ROLE)
    content = fields.String(metadata=_CONTENT)
    variable = fields.String(allow_none=True, metadata=_VARIABLE)
    label = fields.String(allow_none=True, metadata=_LABEL)
    fence = fields.String(allow_none=True, metadata=_FENCE)
    version = fields.Integer(metadata={"description": "The number of the version in use.", "example": 1})
    version_id = fields.Integer(metadata={"example": 30})
    latest_version = fields.Integer(metadata={"description": "The number of the newest version.", "example": 2})
    waiting_version = fields.Integer(
        allow_none=True, metadata={"description": "A newer version nobody has published or declined.", "example": 2}
    )
    used_by = fields.Integer(metadata={"description": "How many templates speak it.", "example": 4})
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    archived_at = fields.AwareDateTime(allow_none=True)


class PublishedIn(Schema):
    """Which version to put to use."""

    version = Version(required=True, metadata={"example": 1})
