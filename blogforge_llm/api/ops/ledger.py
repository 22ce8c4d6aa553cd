"""The ledger over the API: sums, and the attempts they are made of."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import LARGEST, Day, Money, Text
from blogforge_llm.records.tasks import Source
from blogforge_llm.services.ops import ledger

bp = Blueprint(
    "ledger", __name__, url_prefix="/api/v1/llm/ledger",
    description="What was spent, by the day (UTC) on which each call began. For admins.",
)  # fmt: skip

_DAY = {"description": "A day; empty for none."}
_GROUP = validate.OneOf(ledger.GROUPS)


class SpanQuery(Schema):
    """A month, or days with both ends included; without either the present month."""

    month = Text(load_default="", metadata={"pattern": r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?$", "example": "2026-11"})
    since = Day(load_default="", data_key="from", metadata=_DAY | {"example": "2026-11-01"})
    until = Day(load_default="", data_key="to", metadata=_DAY | {"example": "2026-11-30"})


class SumsQuery(SpanQuery):
    """What to sum up, and by what."""

    group = fields.String(load_default="model", validate=_GROUP, metadata={"description": "Sums by this."})


class EntriesQuery(SpanQuery):
    """The attempts of one sum, or of all days."""

    group = fields.String(validate=_GROUP, metadata={"description": "Only those of one of its sums."})
    key = Text(metadata={"description": "That sum's key; left out for null.", "example": "7"})
    after = fields.Integer(
        validate=validate.Range(1, LARGEST), metadata={"description": "The `next` of the page before."}
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class TotalsOut(Schema):
    """What calls took and cost."""

    calls = fields.Integer(metadata={"example": 1200})
    input_tokens = fields.Integer(metadata={"example": 480000})
    output_tokens = fields.Integer(metadata={"example": 95000})
    cost = Money(metadata={"description": "Known and estimated together, in USD.", "example": "1.80"})
    known = Money(metadata={"description": "From counts that the provider told.", "example": "1.75"})
    estimated = Money(metadata={"description": "From counts of our own.", "example": "0.05"})
    unpriced = fields.Integer(metadata={"description": "Calls whose cost is not known.", "example": 3})


class SumOut(TotalsOut):
    """The same for one thing."""

    key = fields.String(allow_none=True, metadata={"description": "An id, a day, or a source.", "example": "7"})
    label = fields.String(allow_none=True, metadata={"description": "Its name; null when it is gone.", "example": "x"})
    detail = fields.String(allow_none=True, metadata={"description": "A model's provider, a user's e-mail."})


class LedgerOut(Schema):
    """Sums and their total."""

    since = fields.Date(data_key="from", metadata={"description": "The first day.", "example": "2026-11-01"})
    last = fields.Date(data_key="to", metadata={"description": "The last day.", "example": "2026-11-30"})
    total = fields.Nested(TotalsOut)
    sums = fields.List(fields.Nested(SumOut))


class EntryOut(Schema):
    """One attempt that ended."""

    id = fields.Integer(metadata={"example": 9})
    task_id = fields.Integer(metadata={"example": 4})
    position = fields.Integer(metadata={"description": "Among the attempts of its task.", "example": 1})
    started_at = fields.AwareDateTime()
    model = fields.String(attribute="model_name", metadata={"example": "llama-3.3-70b-versatile"})
    provider = fields.String(attribute="provider_name", metadata={"example": "Groq"})
    user = fields.String(attribute="user_name", allow_none=True)
    template = fields.String(attribute="template_name", allow_none=True)
    outcome = fields.String(
        metadata={"description": "succeeded, cancelled, abandoned, or the category of the failure."}
    )
    input_tokens = fields.Integer(allow_none=True)
    output_tokens = fields.Integer(allow_none=True)
    cost = Money(allow_none=True, metadata={"description": "USD; null when not known."})
    cost_source = fields.String(validate=validate.OneOf([source.value for source in Source]))


class EntryPage(Schema):
    items = fields.List(fields.Nested(EntryOut))
    next = fields.Integer(allow_none=True, metadata={"description": "Give it as `after` for more; null at the end."})


@bp.get("")
@bp.arguments(SumsQuery, location="query")
@bp.response(200, LedgerOut)
@bp.alt_response(403, description="Only admins read the ledger.")
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Sum up what was spent

    By model, provider, user, template, day or source. The sums equal the rows of `attempts` at every moment.
    """
    group = query.pop("group")
    span = ledger.Span.of(**query)
    with db.connection() as conn:
        sums = ledger.list_sums(conn, actor=current(), group=group, span=span)
    return {"since": span.since, "last": span.last, "total": ledger.add_up(sums), "sums": sums}


@bp.get("/attempts")
@bp.arguments(EntriesQuery, location="query")
@bp.response(200, EntryPage)
@bp.alt_response(403, description="Only admins read the ledger.")
@bp.alt_response(404, description="There is no such sum.")
def entries(query: dict[str, Any]) -> dict[str, Any]:
    """List the attempts a sum is made of, the latest first"""
    limit, after = query.pop("limit"), query.pop("after", None)
    group, key = query.pop("group", None), query.pop("key", None)
    with db.connection() as conn:
        rows = ledger.list_entries(
            conn,
            actor=current(),
            span=ledger.Span.of(**query),
            group=group,
            key=key,
            before_id=after,
            limit=limit + 1,
        )
    return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}
