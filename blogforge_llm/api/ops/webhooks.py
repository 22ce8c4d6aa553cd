"""Webhooks over the API: who else is told of alerts, and what was sent."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db, watching
from blogforge_llm.api import idempotency
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Address, After, Flag, Limit, Line
from blogforge_llm.records.alerts import Delivery, DeliveryStatus, Event, Webhook
from blogforge_llm.services.ops import deliveries, webhooks

bp = Blueprint(
    "webhooks", __name__, url_prefix="/api/v1/llm/webhooks",
    description="Other systems that get a signed POST when an alert opens and when it is over. For admins.",
)  # fmt: skip

_STATUS = validate.OneOf([status.value for status in DeliveryStatus])
_NAME = {"description": "Unique.", "example": "Pager"}
_URL = {"description": "http or https, without ?, # and password.", "example": "https://example.org/hooks/blogforge"}
_ENABLED = {"description": "Off, it is told nothing, and what waits is given up.", "example": True}


class WebhookIn(Schema):
    """What may be changed on a webhook."""

    name = Line(max_length=100, metadata=_NAME)
    url = Address(filled=True, longest=500, metadata=_URL)
    is_enabled = Flag(metadata=_ENABLED)


class NewWebhookIn(WebhookIn):
    """A new webhook."""

    name = Line(max_length=100, required=True, metadata=_NAME)
    url = Address(filled=True, longest=500, required=True, metadata=_URL)


class WebhookOut(Schema):
    """A webhook, without its secret."""

    id = fields.Integer(required=True, metadata={"example": 1})
    name = fields.String(required=True, metadata=_NAME)
    url = fields.String(required=True, metadata=_URL)
    is_enabled = fields.Boolean(required=True, metadata=_ENABLED)
    last_status = fields.String(
        required=True, allow_none=True, metadata={"description": "Of its newest delivery.", "example": "delivered"}
    )
    last_at = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class WebhookWithSecretOut(WebhookOut):
    """A webhook with the secret just made."""

    secret = fields.String(
        metadata={
            "description": "Signs every message; told this once. A repetition by Idempotency-Key leaves it out.",
            "example": "whsec_…",
        }
    )


class DeliveryOut(Schema):
    """One message, over all its attempts."""

    id = fields.Integer(required=True, metadata={"example": 9})
    alert_id = fields.Integer(required=True, allow_none=True)
    event = fields.String(required=True, validate=validate.OneOf([event.value for event in Event]))
    body = fields.String(required=True, metadata={"description": "Exactly what is sent and signed."})
    status = fields.String(required=True, validate=_STATUS)
    attempts = fields.Integer(required=True, metadata={"description": "So far, of 6.", "example": 1})
    next_at = fields.AwareDateTime(required=True, metadata={"description": "Of the next attempt, while queued."})
    http_status = fields.Integer(required=True, allow_none=True, metadata={"example": 200})
    answer = fields.String(required=True, metadata={"description": "Its first 500 characters, without secrets."})
    error = fields.String(required=True, metadata={"description": "Why the last attempt did not do; or empty."})
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)


class DeliveryQuery(Schema):
    """Which part of the log."""

    after = After(metadata={"description": "`next` of the page before."})
    limit = Limit()


class DeliveryPage(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(DeliveryOut), required=True)
    next = fields.Integer(required=True, allow_none=True, metadata={"description": "For `after`; null at the end."})


@bp.route("")
class Webhooks(MethodView):
    @bp.response(200, WebhookOut(many=True))
    @bp.alt_response(403, description="Only admins see webhooks.")
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[Webhook]:
        """List webhooks

        By name.
        """
        with db.connection() as conn:
            found = webhooks.list_all(conn, actor=current())
        pagination_parameters.item_count = len(found)
        return found[pagination_parameters.first_item : pagination_parameters.last_item + 1]

    @bp.arguments(NewWebhookIn)
    @bp.response(201, WebhookWithSecretOut)
    @bp.alt_response(403, description="Only admins make webhooks.")
    @bp.alt_response(409, description="There is one of this name, or there are 20 already.")
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Make a webhook

        The answer has the secret that signs its messages; it cannot be had again.
        """
        idempotency.withhold("secret")
        with db.transaction() as conn:
            webhook, secret = webhooks.create(conn, actor=current(), **data)
        return asdict(webhook) | {"secret": secret}


@bp.route("/<int:webhook_id>")
class WebhookById(MethodView):
    @bp.response(200, WebhookOut)
    @bp.alt_response(403, description="Only admins see webhooks.")
    @bp.alt_response(404, description="There is no such webhook.")
    def get(self, webhook_id: int) -> Webhook:
        """Get a webhook"""
        with db.connection() as conn:
            return webhooks.get(conn, actor=current(), webhook_id=webhook_id)

    @bp.arguments(WebhookIn)
    @bp.response(200, WebhookOut)
    @bp.alt_response(403, description="Only admins change webhooks.")
    @bp.alt_response(404, description="There is no such webhook.")
    @bp.alt_response(409, description="There is one of this name.")
    def patch(self, data: dict[str, Any], webhook_id: int) -> Webhook:
        """Change a webhook

        Only what is sent changes.
        """
        with db.transaction() as conn:
            return webhooks.update(conn, actor=current(), webhook_id=webhook_id, **data)

    @bp.response(204)
    @bp.alt_response(403, description="Only admins delete webhooks.")
    @bp.alt_response(404, description="There is no such webhook.")
    def delete(self, webhook_id: int) -> None:
        """Delete a webhook

        The log of what it was told goes with it.
        """
        with db.transaction() as conn:
            webhooks.delete(conn, actor=current(), webhook_id=webhook_id)


@bp.route("/<int:webhook_id>/secret", methods=["PUT"])
@bp.response(200, WebhookWithSecretOut)
@bp.alt_response(403, description="Only admins change webhooks.")
@bp.alt_response(404, description="There is no such webhook.")
def renew_secret(webhook_id: int) -> dict[str, Any]:
    """Make a new secret

    From now on messages are signed with this one only.
    """
    with db.transaction() as conn:
        webhook, secret = webhooks.renew_secret(conn, actor=current(), webhook_id=webhook_id)
    return asdict(webhook) | {"secret": secret}


@bp.route("/<int:webhook_id>/test", methods=["POST"])
@bp.response(200, DeliveryOut)
@bp.alt_response(403, description="Only admins test webhooks.")
@bp.alt_response(404, description="There is no such webhook.")
def test(webhook_id: int) -> Delivery:
    """Send a test

    A message without an alert, tried once and now; the answer says how it went.
    """
    return watching.send_test(actor=current(), webhook_id=webhook_id)


@bp.route("/<int:webhook_id>/deliveries")
class Deliveries(MethodView):
    @bp.arguments(DeliveryQuery, location="query")
    @bp.response(200, DeliveryPage)
    @bp.alt_response(403, description="Only admins see deliveries.")
    @bp.alt_response(404, description="There is no such webhook.")
    def get(self, query: dict[str, Any], webhook_id: int) -> dict[str, Any]:
        """List what it was told

        The newest first, of the last 30 days.
        """
        limit = query["limit"]
        with db.transaction() as conn:
            webhooks.get(conn, actor=current(), webhook_id=webhook_id)
            found = deliveries.list_(
                conn, actor=current(), webhook_id=webhook_id, before_id=query.get("after"), limit=limit + 1
            )
        return {"items": found[:limit], "next": found[limit - 1].id if len(found) > limit else None}
