"""What goes in and out of runs: drafting sections, and running ahead."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import Flag, Id, Line, Sum
from blogforge_llm.api.tasks.batch_schemas import BatchOut
from blogforge_llm.records.runs import Accepts, StepStatus

_ACCEPTS = validate.OneOf([accepts.value for accepts in Accepts])
_SCOPE = {"description": "`drafts`, `post`, `stage:` or `substage:` with a key.", "example": "stage:planning"}


class RunOptions(Schema):
    """What becomes of answers, and how much they may cost."""

    accepts = fields.String(
        load_default=Accepts.NOTHING.value, validate=_ACCEPTS,
        metadata={
            "description": "`nothing`: everything waits as a suggestion. `empty`: what was asked for an empty field "
            "goes into it if it is empty still, and what needs it is asked next.",
        },
    )  # fmt: skip
    refreshes = Flag(
        load_default=False,
        metadata={"description": "Ask for filled fields too: as suggestions, whatever `accepts` says."},
    )
    budget = Sum(
        load_default=None, allow_none=True,
        metadata={"description": "USD. No field is begun that might go over it; null for none.", "example": "2.50"},
    )  # fmt: skip


class DraftIn(RunOptions):
    """Which sections, and what to write for each of them."""

    section_ids = fields.List(
        Id(), load_default=None, allow_none=True, validate=validate.Length(1, 200),
        metadata={"description": "null: all living ones.", "example": [31, 32]},
    )  # fmt: skip
    action_ids = fields.List(
        Id(), required=True, validate=validate.Length(1, 100),
        metadata={"description": "At most one for each field. Those of the post's fields are asked once."},
    )  # fmt: skip


class AheadIn(RunOptions):
    """How far to run ahead."""

    scope = Line(
        load_default="post",
        metadata={
            "description": "`post`, `stage:` or `substage:` with a key of the workflow.",
            "example": "stage:planning",
        },
    )


class TargetOut(Schema):
    """A field of the post, or of one of its sections."""

    field = fields.String(attribute="field_key", metadata={"example": "section_draft"})
    name = fields.String(metadata={"example": "Draft"})
    section_id = fields.Integer(allow_none=True, metadata={"example": 31})
    section_code = fields.String(attribute="code", allow_none=True, metadata={"example": "S2"})


class StepOut(Schema):
    """A field that is asked for."""

    target = fields.Nested(TargetOut)
    action = fields.String(metadata={"example": "Draft the section"})
    round = fields.Integer(attribute="layer", metadata={"description": "1 can be asked at once.", "example": 1})
    accepts = fields.Boolean(metadata={"description": "Its answer goes into the field, if that is empty still."})
    status = fields.String(validate=validate.OneOf([status.value for status in StepStatus]))
    task_id = fields.Integer(allow_none=True)
    suggestion_id = fields.Integer(allow_none=True, metadata={"description": "From the moment it is asked for."})
    why = fields.String(allow_none=True, metadata={"description": "Once it is failed or cancelled."})


class LeftOutOut(Schema):
    """A field that is not asked for."""

    target = fields.Nested(TargetOut)
    why = fields.String(metadata={"example": "It has a text already."})
    stops = fields.Boolean(metadata={"description": "A person must do something first."})


class RunOut(Schema):
    """A run with its plan and how far it is. It is started, paused, resumed, cancelled and retried as its batch."""

    id = fields.Integer(metadata={"description": "Its batch has the same.", "example": 12})
    post_id = fields.Integer(metadata={"example": 7})
    scope = fields.String(metadata=_SCOPE)
    accepts = fields.String(validate=_ACCEPTS)
    refreshes = fields.Boolean()
    batch = fields.Nested(BatchOut)
    steps = fields.List(fields.Nested(StepOut), metadata={"description": "In the order they are asked."})
    left_out = fields.List(fields.Nested(LeftOutOut))


class RunPage(Schema):
    items = fields.List(fields.Nested(RunOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})
