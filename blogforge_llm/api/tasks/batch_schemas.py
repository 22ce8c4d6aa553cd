"""What goes in and out of /api/v1/batches."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import LARGEST, Id, Inputs, Line, Money, Seconds, Sum, Whole
from blogforge_llm.api.tasks.schemas import SPOKEN, MessageSchema, TaskParameters
from blogforge_llm.records.batches import BatchStatus, ItemStatus
from blogforge_llm.records.tasks import Category, Source
from blogforge_llm.services.tasks.batches import CONCURRENCY_MAX, PRIORITY_MAX
from blogforge_llm.services.tasks.planning import MAX_ITEMS
from blogforge_llm.services.tasks.tasks import DEADLINE_MAX_S

_ID, _NAME = {"type": "integer"}, {"type": "string"}
_STATUS = validate.OneOf([status.value for status in BatchStatus])
_ITEM_STATUS = validate.OneOf([status.value for status in ItemStatus])


class BatchItemIn(Schema):
    """One item: `inputs` for the template, or `messages` without one."""

    key = Line(metadata={"description": "Names it in the batch; its number if left out. A key is added once."})
    inputs = Inputs(metadata={"description": "A text or a list of texts per variable."})
    messages = fields.List(fields.Nested(MessageSchema), validate=validate.Length(1, 500))


class BatchLimits(Schema):
    """How much at once, which share, how much money."""

    concurrency = Whole(
        load_default=20, validate=validate.Range(1, CONCURRENCY_MAX),
        metadata={"description": "Items asked at once, at most."},
    )  # fmt: skip
    priority = Whole(
        load_default=5, validate=validate.Range(1, PRIORITY_MAX),
        metadata={"description": "Its share of the slots beside other batches: 10 gets twice what 5 gets."},
    )  # fmt: skip
    budget = Sum(
        load_default=None, allow_none=True,
        metadata={"description": "USD. No item is begun that might go over it; null for none.", "example": "2.50"},
    )  # fmt: skip


class BatchItemsIn(Schema):
    """Items and what is asked for each of them."""

    # In `allOf`, for generated clients: of alternatives at the top they would make types that say nothing.
    rules = {
        "allOf": [
            {
                "anyOf": [
                    {"required": ["template_id"], "properties": {"template_id": _ID}},
                    {
                        "properties": {
                            "items": {"items": {"required": ["messages"], "properties": {"messages": SPOKEN}}}
                        }
                    },
                ]
            }
        ],
        "not": {
            "anyOf": [
                {"required": ["route", "model"], "properties": {"route": _NAME, "model": _NAME}},
                {
                    "required": ["template_id", "items"],
                    "properties": {"template_id": _ID, "items": {"contains": {"required": ["messages"]}}},
                },
            ]
        },
    }

    template_id = Id(load_default=None, allow_none=True, metadata={"description": "Its published version is used."})
    items = fields.List(
        fields.Nested(BatchItemIn), required=True, validate=validate.Length(1, MAX_ITEMS),
        metadata={"example": [{"messages": [{"role": "user", "content": "Name three colours."}]}]},
    )  # fmt: skip
    route = Line(
        allow_none=True, metadata={"description": "A route's name. Without route and model the default route answers."}
    )
    model = Line(allow_none=True, metadata={"description": "A model's name: it alone is asked."})
    parameters = fields.Nested(TaskParameters)
    deadline_s = Seconds(
        load_default=120.0, most=DEADLINE_MAX_S,
        metadata={"description": "Seconds for one item, retries and fallbacks included."},
    )  # fmt: skip


class BatchIn(BatchItemsIn, BatchLimits):
    """A batch to plan; nothing is asked before it is started."""

    title = Line(required=True, metadata={"example": "Summaries of all posts"})


class EstimateOut(Schema):
    """Before anything is asked. Costs are null where a price is missing, seconds without experience with the model."""

    items = fields.Integer()
    input_tokens = fields.Integer()
    output_tokens = fields.Integer()
    cost_low = Money(allow_none=True)
    cost_high = Money(allow_none=True)
    seconds = fields.Float(allow_none=True)


class BatchOut(Schema):
    """A batch with its counts and its estimate."""

    id = fields.Integer()
    kind = fields.String(metadata={"description": "What is done with the answers; `prompts`: they are kept."})
    title = fields.String()
    status = fields.String(validate=_STATUS)
    note = fields.String(allow_none=True, metadata={"description": "Why it is paused, or what it waits for."})
    rests_until = fields.AwareDateTime(allow_none=True)
    concurrency = fields.Integer()
    priority = fields.Integer()
    budget = Money(allow_none=True)
    estimate = fields.Nested(EstimateOut)
    total = fields.Integer()
    waiting = fields.Integer(metadata={"description": "For what they need: items of a run that come later."})
    queued = fields.Integer()
    running = fields.Integer()
    succeeded = fields.Integer()
    failed = fields.Integer()
    cancelled = fields.Integer()
    input_tokens = fields.Integer()
    output_tokens = fields.Integer()
    cost = Money()
    cost_source = fields.String(validate=validate.OneOf([source.value for source in Source]))
    created_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)


class BatchQuery(Schema):
    after = fields.Integer(
        validate=validate.Range(1, LARGEST),
        metadata={"description": "The `next` of the page before: batches older than this one."},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class BatchPage(Schema):
    items = fields.List(fields.Nested(BatchOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})


class ItemOut(Schema):
    """One item; its calls are the attempts of its task."""

    id = fields.Integer()
    position = fields.Integer()
    key = fields.String()
    status = fields.String(validate=_ITEM_STATUS)
    inputs = fields.Dict()
    output = fields.String(allow_none=True)
    served_by = fields.String(allow_none=True)
    error_category = fields.String(allow_none=True, validate=validate.OneOf([category.value for category in Category]))
    error_message = fields.String(allow_none=True)
    attempts = fields.Integer()
    input_tokens = fields.Integer()
    output_tokens = fields.Integer()
    cost = Money(allow_none=True)
    cost_source = fields.String(validate=validate.OneOf([source.value for source in Source]))
    task_id = fields.Integer(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)


class ItemQuery(Schema):
    status = fields.String(validate=_ITEM_STATUS)
    after = fields.Integer(
        load_default=0, validate=validate.Range(0, 2**31 - 1),
        metadata={"description": "The `next` of the page before: items beyond this position."},
    )  # fmt: skip
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class ItemPage(Schema):
    items = fields.List(fields.Nested(ItemOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})
