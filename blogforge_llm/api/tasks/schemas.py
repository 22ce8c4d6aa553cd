"""What goes in and out of /api/v1/llm/tasks."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from blogforge_llm.api.fields import FILLED, LARGEST, Day, Flag, Id, Inputs, Line, Money, Number, Seconds, Text, Version
from blogforge_llm.api.registry.presets import PresetParameters
from blogforge_llm.records.tasks import AttemptStatus, Category, Source, TaskStatus
from blogforge_llm.services.tasks import exports, filters
from blogforge_llm.services.tasks.asking import MOST_MESSAGES
from blogforge_llm.services.tasks.reruns import Prompt
from blogforge_llm.services.tasks.tasks import DEADLINE_MAX_S

_STATUS = validate.OneOf([status.value for status in TaskStatus])


# Messages one of which is a user's with text.
SPOKEN = {"contains": {"properties": {"role": {"const": "user"}, "content": {"pattern": FILLED}}}}


class MessageSchema(Schema):
    role = fields.String(required=True, validate=validate.OneOf(["system", "user", "assistant"]))
    content = Text(required=True, validate=validate.Length(max=1_000_000), metadata={"example": "Name three colours."})


class TaskParameters(PresetParameters):
    """Sampling parameters; what is left out is the model's own default."""

    json_output = Flag(metadata={"description": "Ask for a JSON object."})


class TaskIn(Schema):
    """Either `template_id` with `inputs`, or `messages`."""

    # Said by `not`, which generated clients leave alone: of alternatives they would make types that say nothing.
    rules = {
        "not": {
            "anyOf": [
                {"required": ["template_id", "messages"]},
                {"not": {"anyOf": [{"required": ["template_id"]}, {"required": ["messages"]}]}},
                {"required": ["route", "model"]},
                {"required": ["messages"], "properties": {"messages": {"not": SPOKEN}}},
            ]
        }
    }

    template_id = Id(metadata={"description": "Its published version is used unless `version` names another."})
    version = Version(metadata={"description": "The number of the template's version.", "example": 1})
    inputs = Inputs(
        metadata={
            "description": "A text, or a list of texts, for each variable of the template.",
            "example": {"basic_idea": "Why bread rises"},
        },
    )
    override = fields.List(
        fields.Nested(MessageSchema), validate=validate.Length(1, MOST_MESSAGES),
        metadata={"description": "Sent in place of what the template says, this once. The task is marked `is_override` "
                  "and stays out of the template's outcomes."},
    )  # fmt: skip
    messages = fields.List(fields.Nested(MessageSchema), validate=validate.Length(1, MOST_MESSAGES))
    route = Line(metadata={"description": "A route's name. Without route and model the default route answers."})
    model = Line(
        metadata={"description": "A model's name, or `Provider/model` where several have it: it alone is asked."}
    )
    parameters = fields.Nested(TaskParameters)
    deadline_s = Seconds(
        most=DEADLINE_MAX_S,
        metadata={
            "description": "Seconds for everything, retries and fallbacks included; the settings have a default."
        },
    )


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
    is_override = fields.Boolean(metadata={"description": "Its messages were edited: they are not the template's."})
    served_by = fields.String(allow_none=True, metadata={"description": "The model that really answered."})
    cost = Money(allow_none=True)
    cost_source = fields.String(validate=validate.OneOf([source.value for source in Source]))
    created_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)


class TaskOut(TaskRowOut):
    """A task with its messages and every attempt."""

    template_id = fields.Integer(allow_none=True)
    template_version = fields.Integer(attribute="template_number", allow_none=True, metadata={"example": 2})
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


# Empty means no filter, as in the address that a page's form makes.
_DOLLARS = {"pattern": r"^(\$?[0-9]{1,9}(\.[0-9]{0,12})?)?$"}


def _filter(description: str, **shape: Any) -> Text:
    return Text(validate=validate.Length(max=filters.TEXT_MAX), metadata={"description": description} | shape)


_TaskFilter = Schema.from_dict(
    {
        "status": fields.String(validate=_STATUS),
        "category": fields.String(
            validate=validate.OneOf([category.value for category in Category]),
            metadata={"description": "Why it failed."},
        ),
        "model": Number(metadata={"description": "The id of the model that answered."}),
        "template": Number(
            minimum=0, metadata={"description": "A template's id, in any version; 0 for tasks without one."}
        ),
        "action": Number(metadata={"description": "An action's id."}),
        "user": Number(metadata={"description": "The id of the user who asked."}),
        "post": Number(metadata={"description": "The id of the post it was asked for."}),
        "from": Day(
            has_time=True,
            metadata={
                "description": "Made on this day (UTC) or later, or from this time on.",
                "example": "2026-11-01",
            },
        ),
        "to": Day(
            has_time=True,
            metadata={
                "description": "Made until the end of this day (UTC), or before this time.",
                "example": "2026-11-30T08:00:00Z",
            },
        ),
        "min_cost": _filter("USD, at least.", example="0.05", **_DOLLARS),
        "max_cost": _filter("USD, at most.", example="1", **_DOLLARS),
        "q": _filter(
            "Words of the messages or the output, `bak*` for beginnings; found within a minute after the task ended."
        ),
    },
    name="TaskFilter",
)


class RerunIn(Schema):
    """Which messages to send."""

    prompt = fields.String(
        load_default=Prompt.SAME.value, validate=validate.OneOf([prompt.value for prompt in Prompt]),
        metadata={"description": "`same`: byte for byte as they were. `current`: what the template says today of the "
                  "same inputs."},
    )  # fmt: skip


class TaskComparisonQuery(Schema):
    other = fields.Integer(
        validate=validate.Range(1, LARGEST),
        metadata={"description": "The task to compare with; without it, what the template says today."},
    )


class ChangeOut(Schema):
    """A run of text. All `same` and `added` in order are the new text."""

    kind = fields.String(validate=validate.OneOf(["same", "added", "removed"]))
    text = fields.String()


class TaskComparisonOut(Schema):
    """What differs, word by word, from this task to the other, or to what its template says today."""

    is_same_prompt = fields.Boolean()
    prompt = fields.List(fields.Nested(ChangeOut), metadata={"description": "Each message under its role in brackets."})
    output = fields.List(
        fields.Nested(ChangeOut),
        allow_none=True,
        metadata={"description": "null until both tasks have an output."},
    )


class TaskQuery(_TaskFilter):  # type: ignore[misc,valid-type]
    after = fields.Integer(
        validate=validate.Range(1, LARGEST),
        metadata={"description": "The `next` of the page before: tasks older than this one."},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class ExportQuery(_TaskFilter):  # type: ignore[misc,valid-type]
    format = fields.String(load_default="jsonl", validate=validate.OneOf([kind.value for kind in exports.Kind]))


class TaskPage(Schema):
    items = fields.List(fields.Nested(TaskRowOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})
