"""What goes out about changes: comparisons, impacts, proposals, usages."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import Money


class UseOut(Schema):
    """Where something is used."""

    id = fields.Integer(metadata={"example": 5})
    name = fields.String(metadata={"example": "Opening"})


class ChangeOut(Schema):
    """A run of text; all `same` and `added` in order are the new text."""

    kind = fields.String(validate=validate.OneOf(["same", "added", "removed"]))
    text = fields.String(metadata={"example": "short words"})


class ComparisonQuery(Schema):
    """Two versions, by number."""

    old = fields.Integer(required=True, validate=validate.Range(1, 2**31 - 1), metadata={"example": 1})
    new = fields.Integer(required=True, validate=validate.Range(1, 2**31 - 1), metadata={"example": 2})


class ComparisonOut(Schema):
    """What changed between two versions, word by word."""

    old = fields.Integer(attribute="old.number", metadata={"example": 1})
    new = fields.Integer(attribute="new.number", metadata={"example": 2})
    source = fields.List(fields.Nested(ChangeOut), metadata={"description": "As it was written."})
    resolved = fields.List(
        fields.Nested(ChangeOut),
        metadata={"description": "As a model would read it, with today's parts; variables stand for themselves."},
    )


class PriceChangeOut(Schema):
    """The prompt alone at the first model of a route."""

    model = fields.String(attribute="model_name", metadata={"example": "llama-3.3-70b-versatile"})
    provider = fields.String(attribute="provider_name", metadata={"example": "Groq"})
    before = Money(allow_none=True, metadata={"description": "USD.", "example": "0.00021"})
    after = Money(allow_none=True, metadata={"description": "USD.", "example": "0.00025"})


class TemplateChangeOut(Schema):
    """What becomes of one template."""

    template = fields.Nested(UseOut)
    needs_approval = fields.Boolean()
    actions = fields.List(fields.Nested(UseOut), metadata={"description": "Those that ask with it."})
    changes = fields.List(fields.Nested(ChangeOut), metadata={"description": "Resolved, word by word."})
    tokens_before = fields.Integer(metadata={"description": "Estimated.", "example": 420})
    tokens_after = fields.Integer(metadata={"description": "Estimated.", "example": 440})
    prices = fields.List(fields.Nested(PriceChangeOut))


class ImpactQuery(Schema):
    """Which of the templates."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 1_000_000), metadata={"example": 0})


class ImpactOut(Schema):
    """What publishing a version of a part would change."""

    version = fields.Integer(attribute="version.number", metadata={"example": 2})
    problems = fields.List(
        fields.String(), metadata={"description": "What it would break; publishing is refused while there is any."}
    )
    guarding = fields.List(
        fields.String(), metadata={"description": "Templates for which somebody else than its author must publish it."}
    )
    count = fields.Integer(metadata={"description": "How many templates change.", "example": 4})
    changed = fields.List(fields.Nested(TemplateChangeOut), metadata={"description": "By name, from offset on."})


class ProposalOut(Schema):
    """A version that waits to be published."""

    noun = fields.String(validate=validate.OneOf(["part", "template"]))
    id = fields.Integer(metadata={"description": "Of the part or template.", "example": 5})
    name = fields.String(metadata={"example": "Plain words"})
    version = fields.Integer(attribute="number", metadata={"example": 2})
    note = fields.String(metadata={"example": "Shorter."})
    created_by = fields.String(attribute="created_by_name", allow_none=True, metadata={"example": "Ann"})
    created_at = fields.AwareDateTime()
    guarding = fields.List(
        fields.String(), metadata={"description": "Templates for which somebody else than its author must publish it."}
    )
