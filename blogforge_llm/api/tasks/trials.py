"""/api/v1/llm/trials: the task runner, one question to up to four models side by side."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import After, Id, Inputs, Limit, Line, Seconds, Version
from blogforge_llm.api.tasks.schemas import MessageSchema, TaskParameters, TaskRowOut
from blogforge_llm.records.trials import Trial
from blogforge_llm.services.tasks import asking, trials
from blogforge_llm.services.tasks.asking import MOST_MESSAGES
from blogforge_llm.services.tasks.tasks import DEADLINE_MAX_S

bp = Blueprint(
    "trials", __name__, url_prefix="/api/v1/llm/trials",
    description="A template tried out, its answers side by side. Each is a task: what a task can, it can.",
)  # fmt: skip


class TrialColumnIn(Schema):
    """Whom to ask: a route or a model; neither means the default route."""

    rules = {"not": {"required": ["route", "model"]}}

    route = Line(metadata={"description": "A route's name.", "example": "Careful"})
    model = Line(metadata={"description": "A model's name, or `Provider/model` where several have it."})


class TrialIn(Schema):
    """A template and whom to ask."""

    template_id = Id(required=True, metadata={"description": "Its published version, unless `version` names another."})
    version = Version(metadata={"description": "The number of the template's version.", "example": 1})
    inputs = Inputs(
        load_default=dict,
        metadata={"description": "A text, or a list of texts, for each variable.",
                  "example": {"basic_idea": "Why bread rises"}},
    )  # fmt: skip
    post_id = Id(metadata={"description": "Its fields fill the variables that `inputs` leaves out.", "example": 7})
    ask = fields.List(
        fields.Nested(TrialColumnIn), load_default=lambda: [{}], validate=validate.Length(1, trials.MOST_COLUMNS),
        metadata={"description": "One to four; the same one may stand there twice. The default route if left out."},
    )  # fmt: skip
    override = fields.List(
        fields.Nested(MessageSchema), validate=validate.Length(1, MOST_MESSAGES),
        metadata={"description": "Sent in place of what the template says, this once."},
    )  # fmt: skip
    parameters = fields.Nested(TaskParameters)
    deadline_s = Seconds(most=DEADLINE_MAX_S, metadata={"description": "For each of them.", "example": 120})


class TrialTaskOut(TaskRowOut):
    """One of the answers."""

    output = fields.String(allow_none=True, metadata={"description": "null until it has succeeded."})
    template_version = fields.Integer(attribute="template_number", allow_none=True, metadata={"example": 2})


class TrialOut(Schema):
    """A trial with its answers."""

    id = fields.Integer(required=True, metadata={"example": 3})
    post_id = fields.Integer(required=True, allow_none=True, metadata={"description": "Whose fields filled it."})
    created_by = fields.String(required=True, allow_none=True, attribute="created_by_name")
    created_at = fields.AwareDateTime(required=True)
    tasks = fields.List(fields.Nested(TrialTaskOut), required=True, metadata={"description": "As asked, in order."})


class TrialRowOut(Schema):
    """A trial in the list."""

    id = fields.Integer(required=True, metadata={"example": 3})
    created_by = fields.String(required=True, allow_none=True, attribute="created_by_name")
    created_at = fields.AwareDateTime(required=True)
    tasks = fields.List(fields.Nested(TaskRowOut), required=True)


class TrialQuery(Schema):
    """Which trials."""

    everybody = fields.Boolean(
        load_default=False, metadata={"description": "Everybody's, for admins; others see their own in any case."}
    )
    after = After(metadata={"description": "`next` of the page before."})
    limit = Limit()


class TrialPage(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(TrialRowOut), required=True)
    next = fields.Integer(required=True, allow_none=True, metadata={"description": "For `after`; null at the end."})


@bp.route("")
class Trials(MethodView):
    @bp.arguments(TrialQuery, location="query")
    @bp.response(200, TrialPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List trials

        The newest first.
        """
        limit = query["limit"]
        with db.transaction() as conn:
            rows = trials.list_(
                conn, actor=current(), everybody=query["everybody"], before_id=query.get("after"), limit=limit + 1
            )
        return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}

    @bp.arguments(TrialIn)
    @bp.response(202, TrialOut)
    @bp.alt_response(403, description="Viewers run nothing.")
    @bp.alt_response(404, description="There is no such template, version, post, route or model.")
    def post(self, data: dict[str, Any]) -> Trial:
        """Run a trial

        The answers come later: poll the trial, or follow the stream of each task.
        """
        with db.transaction() as conn:
            if "post_id" in data:
                data |= trials.fill(
                    conn, actor=current(), post_id=data["post_id"], template_id=data["template_id"],
                    version=data.get("version"), inputs=data["inputs"],
                )  # fmt: skip
            columns = data.pop("ask")
            whom = [asking.whom(conn, route=each.get("route"), model=each.get("model")) for each in columns]
            return trials.create(conn, actor=current(), whom=whom, **data)


@bp.get("/<int:trial_id>")
@bp.response(200, TrialOut)
@bp.alt_response(404, description="There is no such trial, or it is not yours.")
def show(trial_id: int) -> Trial:
    """Get a trial"""
    with db.connection() as conn:
        return trials.get(conn, actor=current(), trial_id=trial_id)


@bp.post("/<int:trial_id>/cancel")
@bp.response(202, TrialOut)
@bp.alt_response(404, description="There is no such trial, or it is not yours.")
def cancel(trial_id: int) -> Trial:
    """Stop what still runs of a trial"""
    with db.transaction() as conn:
        return trials.cancel(conn, actor=current(), trial_id=trial_id)
