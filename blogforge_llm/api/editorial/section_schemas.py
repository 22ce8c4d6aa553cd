"""What goes in and out of sections, and of the ideas and facts allocated to them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import Id, Line, Text, Version, Whole
from blogforge_llm.records.sections import EventKind, ItemKind
from blogforge_llm.services.editorial import headings, items

_VERSION = {"description": "Of the order the change was made from: a changed one is a 409.", "example": 4}
_KIND = validate.OneOf([kind.value for kind in ItemKind])
_CODES = {"example": ["I4", "F2"]}


class SectionOut(Schema):
    """A section. Its texts are under `fields`."""

    id = fields.Integer(metadata={"example": 31})
    post_id = fields.Integer(metadata={"example": 7})
    code = fields.String(metadata={"description": "Never used again in the post.", "example": "S2"})
    heading = fields.String(metadata={"example": "Gluten, the net"})
    description = fields.String(metadata={"example": "What it is and when it forms."})
    status = fields.String(validate=validate.OneOf(["empty", "drafted", "done"]), metadata={"example": "drafted"})
    words = fields.Integer(metadata={"description": "Of the polished text, else of the draft.", "example": 240})
    waiting = fields.Integer(metadata={"description": "Suggestions nobody has decided about.", "example": 1})
    created_at = fields.AwareDateTime()
    deleted_at = fields.AwareDateTime(allow_none=True, metadata={"description": "null unless it is deleted."})


class OutlineOut(Schema):
    """All sections of a post."""

    version = fields.Integer(metadata={"description": "Rises with every change of the order.", "example": 4})
    items = fields.List(fields.Nested(SectionOut), attribute="living", metadata={"description": "In reading order."})
    deleted = fields.List(fields.Nested(SectionOut), metadata={"description": "With their texts; can be restored."})


class SectionIn(Schema):
    """A new section."""

    heading = Line(max_length=300, required=True, metadata={"example": "Gluten, the net"})
    description = Text(load_default="", metadata={"example": "What it is and when it forms."})
    after_id = Id(allow_none=True, metadata={"description": "The section it follows; none: the last.", "example": 30})


class RenameIn(Schema):
    """Another heading."""

    rules = {"required": ["heading", "base_revision"]}  # a missing base is a 428, not a 422

    heading = Line(max_length=300, required=True, metadata={"example": "Gluten holds the gas"})
    base_revision = Id(
        allow_none=True,
        metadata={
            "description": "Of the field `section_heading`; null when it is empty. Must be named.",
            "example": 41,
        },
    )


class OrderIn(Schema):
    """Another order."""

    order = fields.List(Id(), required=True, metadata={"description": "Each living section once.", "example": [32, 31]})
    version = Version(minimum=0, required=True, metadata=_VERSION)


class MergerIn(Schema):
    """Which section takes up this one."""

    into = Id(required=True, metadata={"example": 32})
    version = Version(minimum=0, required=True, metadata=_VERSION)


class DivisionIn(Schema):
    """Where a section is split."""

    field = Line(required=True, metadata={"description": "The text that is split.", "example": "section_draft"})
    at = Whole(
        required=True,
        validate=validate.Range(1, 100_000),
        metadata={"description": "The new section begins with this paragraph, counted from 0.", "example": 2},
    )
    heading = Line(max_length=300, required=True, metadata={"example": "When gluten fails"})
    base_revision = Id(allow_none=True, required=True, metadata={"description": "Of that text.", "example": 41})
    version = Version(minimum=0, required=True, metadata=_VERSION)


class RewordingOut(Schema):
    """The words of an item before and after."""

    item_id = fields.Integer(attribute="item", metadata={"example": 5})
    before = fields.String(metadata={"example": "Salt slows yeast."})
    after = fields.String(metadata={"example": "Salt slows yeast down."})


class SectionEventOut(Schema):
    """Something done to the sections of a post, or to their items."""

    id = fields.Integer(metadata={"example": 12})
    kind = fields.String(validate=validate.OneOf([k.value for k in EventKind]), metadata={"example": "merged"})
    summary = fields.String(metadata={"example": "Merged S2 Tartans into S1 Origins"})
    rewordings = fields.List(fields.Nested(RewordingOut), metadata={"description": "What items were reworded."})
    user = fields.String(attribute="user_name", allow_none=True, metadata={"example": "Alice"})
    created_at = fields.AwareDateTime()
    undone_by = fields.Integer(attribute="undone_by_id", allow_none=True, metadata={"description": "An event."})


class SectionEventPage(Schema):
    """Events, the newest first."""

    items = fields.List(fields.Nested(SectionEventOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})


class ReversalIn(Schema):
    """What to undo."""

    event_id = Id(required=True, metadata={"description": "The newest one not undone.", "example": 12})


class HeadingOut(Schema):
    """A heading of the list, and the section it would name."""

    heading = fields.String(metadata={"example": "Gluten, the net"})
    change = fields.String(
        validate=validate.OneOf(["added", "restored", "renamed", "moved", "same"]), metadata={"example": "renamed"}
    )
    section_id = fields.Integer(
        attribute="section.id", dump_default=None, allow_none=True, metadata={"description": "null: a new one."}
    )


class HeadingsOut(Schema):
    """What the post's list of headings would make of its sections."""

    field = fields.String(
        attribute="source.field.key", validate=validate.OneOf(headings.SOURCES), metadata={"example": "section_order"}
    )
    base_revision = fields.Integer(
        attribute="source.revision.id", dump_default=None, allow_none=True, metadata={"description": "Of that list."}
    )
    version = fields.Integer(metadata={"example": 4})
    rows = fields.List(fields.Nested(HeadingOut))
    removed = fields.List(fields.Nested(SectionOut), metadata={"description": "Named by no heading."})


class HeadingsIn(Schema):
    """The proposal, as it is or corrected."""

    version = Version(minimum=0, required=True, metadata=_VERSION)
    base_revision = Id(allow_none=True, required=True, metadata={"description": "Of the list of headings."})
    sections = fields.List(
        Id(allow_none=True),
        required=True,
        metadata={"description": "For each heading its section, null for a new one.", "example": [31, None]},
    )
    keep = fields.List(
        Id(), load_default=list, metadata={"description": "Sections no heading names, to keep at the end."}
    )


class PostItemOut(Schema):
    """An idea or a fact."""

    id = fields.Integer(metadata={"example": 5})
    code = fields.String(metadata={"example": "F2"})
    kind = fields.String(validate=_KIND, metadata={"example": "fact"})
    text = fields.String(metadata={"example": "Salt slows yeast."})
    section_id = fields.Integer(allow_none=True, metadata={"description": "null: not allocated."})
    field = fields.String(
        attribute="field_key", allow_none=True, metadata={"description": "The list it was taken from, or null."}
    )
    revision = fields.Integer(attribute="revision_id", allow_none=True, metadata={"description": "Of that list."})
    created_at = fields.AwareDateTime()
    deleted_at = fields.AwareDateTime(allow_none=True)


class PostItemIn(Schema):
    """An idea or a fact by hand."""

    kind = fields.String(required=True, validate=_KIND, metadata={"example": "fact"})
    text = Line(max_length=2000, required=True, metadata={"example": "Salt slows yeast."})


class RewordingIn(Schema):
    """Other words for an idea or a fact, and those they replace."""

    text = Line(max_length=2000, required=True, metadata={"example": "Salt slows yeast down."})
    base_text = Text(
        validate=validate.Length(max=2000), required=True,
        metadata={"description": "What it says so far: other words are a 409.", "example": "Salt slows yeast."},
    )  # fmt: skip


class CollectionIn(Schema):
    """Which lists to take ideas and facts from."""

    fields_ = fields.List(
        fields.String(validate=validate.OneOf(list(items.SOURCES))),
        data_key="fields",
        required=True,
        metadata={"example": ["idea_scope", "interesting_facts"]},
    )


class PlacementIn(Schema):
    """Where an item goes, and where it was."""

    section_id = Id(allow_none=True, required=True, metadata={"description": "null: the tray.", "example": 31})
    base_section_id = Id(
        allow_none=True, required=True, metadata={"description": "Where it is now: another is a 409.", "example": None}
    )


class AllocationIn(Schema):
    """Which labels to apply."""

    suggestion_id = Id(required=True, metadata={"description": "Of the field `allocation_labels`.", "example": 12})
    capacity = Whole(
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, items.MOST),
        metadata={"description": "The most items of one section; null for any number.", "example": 6},
    )


class PlacedOut(Schema):
    """An item with the section it went to."""

    item = fields.String(metadata={"example": "I3"})
    section = fields.String(metadata={"example": "S1"})
    score = fields.Float(metadata={"description": "0 to 1, the model's.", "example": 0.9})


class AllocationOut(Schema):
    """What the allocator did: every item of the tray is either placed or left."""

    placed = fields.Method("_placed", metadata={"type": "array", "items": {"type": "object"}})
    left = fields.Method("_left", metadata={"type": "array", "items": {"type": "string"}} | _CODES)
    problems = fields.List(fields.String(), metadata={"description": "What of the answer was left aside, and why."})

    def _placed(self, proposal: Any) -> Any:
        rows = [{"item": item.code, "section": to.code, "score": score} for item, to, score in proposal.placed]
        return PlacedOut(many=True).dump(rows)

    def _left(self, proposal: Any) -> list[str]:
        return [item.code for item in proposal.left]
