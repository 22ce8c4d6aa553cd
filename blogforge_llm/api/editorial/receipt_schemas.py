"""What comes out of receipts, the overview and the comparison of a post."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from blogforge_llm.api.editorial.schemas import RevisionOut, StaleSourceOut, SuggestionOut
from blogforge_llm.api.fields import Id, Money, Number
from blogforge_llm.records.articles import BlockStatus
from blogforge_llm.records.tasks import AttemptStatus, Category, Source

_SHARE = {"description": "By edit distance, 0 to 1.", "example": 0.12}


class PromptVersionOut(Schema):
    """A version of a template or a part, as it was used."""

    id = fields.Integer(attribute="owner_id", metadata={"description": "Of the template or part.", "example": 3})
    name = fields.String(metadata={"example": "Expand the idea"})
    version = fields.Integer(attribute="number", metadata={"example": 2})
    newest = fields.Integer(metadata={"description": "Its newest version by now.", "example": 4})


class TriedOut(Schema):
    """One call that was made for the text."""

    model = fields.String(attribute="model_name")
    provider = fields.String(attribute="provider_name")
    status = fields.String(validate=validate.OneOf([status.value for status in AttemptStatus]))
    category = fields.String(allow_none=True, validate=validate.OneOf([category.value for category in Category]))
    cost = Money(allow_none=True)
    cost_source = fields.String(validate=validate.OneOf([source.value for source in Source]))
    started_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)


class ReceiptSourceOut(Schema):
    """What filled a variable of the prompt."""

    variable = fields.String(metadata={"example": "basic_idea"})
    name = fields.String(metadata={"example": "Basic idea"})
    section_id = fields.Integer(allow_none=True)
    revision = fields.Integer(attribute="revision_id", allow_none=True, metadata={"description": "That was used."})
    is_changed = fields.Boolean(metadata={"description": "Whether it says something else now."})


class MakingOut(Schema):
    """The suggestion a text goes back to."""

    suggestion = fields.Nested(SuggestionOut)
    template = fields.Nested(PromptVersionOut, allow_none=True)
    parts = fields.List(fields.Nested(PromptVersionOut))
    attempts = fields.List(fields.Nested(TriedOut), metadata={"description": "In order; the last one answered."})
    sources = fields.List(fields.Nested(ReceiptSourceOut))
    accepted = fields.Nested(RevisionOut, metadata={"description": "What came in, by whom and when."})
    accepted_share = fields.Float(metadata=_SHARE | {"description": "How much was changed before it was accepted."})
    now_share = fields.Float(metadata=_SHARE | {"description": "How much of it is changed by now."})


class ReceiptOut(Schema):
    """Where a text came from."""

    revision = fields.Nested(RevisionOut, metadata={"description": "The text as it is now."})
    making = fields.Nested(MakingOut, allow_none=True, metadata={"description": "null for a text of people alone."})
    edits = fields.List(fields.Nested(RevisionOut), metadata={"description": "Since it was accepted, newest first."})
    before = fields.Nested(
        RevisionOut, allow_none=True, metadata={"description": "Restore it for the text before; null: empty."}
    )


class DoneIn(Schema):
    """The text that is meant."""

    revision = Id(required=True, metadata={"description": "The field's newest revision.", "example": 41})


class ArticleBlockOut(Schema):
    """A field of the post, or one of its sections, with how far it is."""

    section_id = fields.Integer(allow_none=True)
    field = fields.String(attribute="field_key", metadata={"example": "section_draft"})
    substage = fields.String(attribute="substage_key", metadata={"example": "sections"})
    name = fields.String(metadata={"example": "S1 Origins"})
    status = fields.String(
        validate=validate.OneOf([status.value for status in BlockStatus]), metadata={"example": "edited"}
    )
    words = fields.Integer(metadata={"example": 214})
    revision = fields.Integer(attribute="revision_id", allow_none=True)
    updated_by = fields.String(attribute="written_by_name", allow_none=True)
    updated_at = fields.AwareDateTime(attribute="written_at", allow_none=True)
    stale = fields.List(fields.Nested(StaleSourceOut))


class CountsOut(Schema):
    """How many blocks are how far."""

    done = fields.Integer(metadata={"example": 3})
    drafted = fields.Integer(metadata={"example": 12})
    empty = fields.Integer(metadata={"example": 9})


class ArticleOut(Schema):
    """The whole post at a glance."""

    counts = fields.Nested(CountsOut)
    stale = fields.Integer(metadata={"description": "How many texts are stale.", "example": 1})
    blocks = fields.List(fields.Nested(ArticleBlockOut))


class PassageOut(Schema):
    """A text of the reading article, in Markdown."""

    section_id = fields.Integer(allow_none=True)
    field = fields.String(attribute="field_key", metadata={"example": "section_text"})
    heading = fields.String(allow_none=True, metadata={"example": "Origins"})
    text = fields.String()
    caption = fields.String()


class ReadingOut(Schema):
    """The article as readers get it."""

    title = fields.String(metadata={"example": "Kilts for weddings"})
    subtitle = fields.String()
    passages = fields.List(fields.Nested(PassageOut))
    missing = fields.List(fields.String(), metadata={"description": "Sections without a text."})


class MomentsQuery(Schema):
    """Two moments, each by the revision written last; the first and the newest one known unless named."""

    before = Number(data_key="from", metadata={"description": "A revision of the post.", "example": 12})
    after = Number(data_key="to", metadata={"description": "A revision of the post.", "example": 41})


class DifferenceOut(Schema):
    """A text that is not the same at two moments."""

    section_id = fields.Integer(allow_none=True)
    section = fields.String(attribute="section_name", allow_none=True, metadata={"example": "S1"})
    field = fields.String(attribute="field_key", metadata={"example": "section_draft"})
    before = fields.String()
    after = fields.String()
