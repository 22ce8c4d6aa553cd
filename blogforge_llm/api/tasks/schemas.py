"""What goes in and out of /api/v1/llm/tasks."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import Flag, Id, Input, Line, Money, Text
from blogforge_llm.api.registry.presets import PresetParameters
from blogforge_llm.records.tasks import AttemptStatus, Category, Source, TaskStatus
from blogforge_llm.services.tasks.tasks import DEADLINE_MAX_S

_STATUS = validate.OneOf([status.value for status in TaskStatus])


class MessageSchema(Schema):
    role = fields.String(required=True, validate=validate.OneOf(["system", "user", "assistant"]))
    content = Text(required=True, validate=validate.Length(max=1_000_000), metadata={"example": "Name three colours."})


class TaskParameters(PresetParameters):
    """Sampling parameters; what is left out is the model's own default."""

    json_output = Flag(metadata={"description": "Ask for a JSON object."})


class TaskIn(Schema):
    """Either `template_id` with `inputs`, or `messages`."""

    rules = {
        "oneOf": [{"required": ["template_id"]}, {"required": ["messages"]}],
        "not": {"required": ["route", "model"]},
    }

    template_id = Id(metadata={"description": "Its published version is used."})
    inputs = fields.Dict(
        keys=fields.String(),
        values=Input(),
        metadata={
            "description": "A text, or a list of texts, for each variable of the template.",
            "example": {"basic_idea": "Why bread rises"},
        },
    )
    messages = fields.List(fields.Nested(MessageSchema), validate=validate.Length(1, 500))
    route = Line(metadata={"description": "A route's name. Without route and model the default route answers."})
    model = Line(
        metadata={"description": "A model's name, or `Provider/model` where several have it: it alone is asked."}
    )
    parameters = fields.Nested(TaskParameters)
    deadline_s = fields.Float(
        validate=validate.Range(min=0, min_inclusive=False, max=DEADLINE_MAX_S),
        metadata={
            "description": "Seconds for everything, retries and fallbacks included; the settings have a default.",
            "exclusiveMinimum": 0,
        },
    )  # fmt: skip


class AttemptOut(Schema):
    """One call to one model. `error_text`, the provider's own words, is for admins."""

    position = fields.Integer()
    model = fields.String(attribute="model_name")
    provider = fields.String(attribute="provider_name")
    status = fields.String(validate=validate.OneOf([status.value for status in AttemptStatus]))
    category = fields.String(allow_none=True, validate=validate.OneOf([category.value for category in Category]))
    http_status = fields.Integer(allow_none=True)
    error_code = fields.String(allow_none=True)
    error_text = fields.String(allow_none=True)
    finish_reason = fields.String(allow_none=True)
    input_tokens = fields.Integer(allow_none=True)
    output_tokens = fields.Integer(allow_none=True)
    usage_source = fields.String(validate=validate.OneOf([source.value for source in Source]))
    cost = Money(allow_none=True)
    cost_source = fields.String(validate=validate.OneOf([source.value for source in Source]))
    first_token_ms = fields.Integer(allow_none=True)
    started_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)


class ErrorOut(Schema):
    category = fields.String(validate=validate.OneOf([category.value for category in Category]))
    message = fields.String()


class UsageOut(Schema):
    input_tokens = fields.Integer()
    output_tokens = fields.Integer()


class TaskRowOut(Schema):
    """A task as a list shows it."""

    id = fields.Integer()
    status = fields.String(validate=_STATUS)
    template = fields.String(attribute="template_name", allow_none=True)
    served_by = fields.String(allow_none=True, metadata={"description": "The model that really answered."})
    cost = Money(allow_none=True)
    cost_source = fields.String(validate=validate.OneOf([source.value for source in Source]))
    created_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)


class TaskOut(TaskRowOut):
    """A task with its messages and every attempt."""

    output = fields.String(allow_none=True)
    error = fields.Nested(ErrorOut, allow_none=True)
    messages = fields.List(fields.Nested(MessageSchema))
    parameters = fields.Dict()
    inputs = fields.Dict()
    attempts = fields.List(fields.Nested(AttemptOut))
    usage = fields.Nested(UsageOut)
    rerun_of = fields.Integer(allow_none=True)
    request_id = fields.String(
        allow_none=True, metadata={"description": "The X-Request-Id of the request that made it; the log has it too."}
    )
    deadline_s = fields.Float()


class TaskAccepted(Schema):
    id = fields.Integer()
    status = fields.String(validate=_STATUS)


class TaskQuery(Schema):
    status = fields.String(validate=_STATUS)
    after = fields.Integer(
        validate=validate.Range(1, 2**63 - 1),
        metadata={"description": "The `next` of the page before: tasks older than this one."},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class TaskPage(Schema):
    items = fields.List(fields.Nested(TaskRowOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})
