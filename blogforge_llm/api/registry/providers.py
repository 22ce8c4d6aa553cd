"""Providers over the API, their connection test and the discovery of their models."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import connections, db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.fields import Address, Flag, Id, Line, Secret
from blogforge_llm.api.registry.limits import limit
from blogforge_llm.records.registry import Provider, ProviderKind
from blogforge_llm.services.registry import discovery, models, providers

bp = Blueprint(
    "providers", __name__, url_prefix="/api/v1/llm/providers", description="LLM services and local servers to ask."
)


class ProviderIn(Schema):
    """What may be changed on a provider."""

    name = Line(max_length=100, metadata={"description": "Unique, in any case of letters.", "example": "Groq"})
    base_url = Address(
        allow_none=True,
        metadata={
            "description": "Needed for `openai_compatible`; else the kind's own address unless one is given.",
            "example": "http://127.0.0.1:11434/v1",
        },
    )
    is_enabled = Flag(data_key="enabled", metadata={"description": "Whether it is asked at all.", "example": True})
    is_local = Flag(
        metadata={
            "description": "A server of one's own: needs no key and gets two minutes to load a model. "
            "Found out from the address unless it is given.",
            "example": False,
        }
    )
    requests_per_minute = limit("Most requests in a minute;", 30)
    tokens_per_minute = limit("Most tokens in a minute;", 6000)
    requests_per_day = limit("Most requests in a day;", 14400)
    tokens_per_day = limit("Most tokens in a day;", 500000)
    max_in_flight = limit("Most requests at the same time;", 8)


class NewProviderIn(ProviderIn):
    """A new provider; `api_key` becomes its first shared key."""

    rules = {"not": {"properties": {"kind": {"const": "openai_compatible"},
                                    "base_url": {"anyOf": [{"type": "null"}, {"pattern": r"^\s*$"}]}}}}  # fmt: skip

    name = Line(required=True, max_length=100, metadata={"description": "Unique.", "example": "Groq"})
    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(ProviderKind)),
        metadata={"description": "How it is asked; cannot be changed later.", "example": "groq"},
    )
    api_key = Secret(
        load_only=True,
        allow_none=True,
        metadata={"description": "Stored encrypted and never returned.", "example": "gsk_0123456789"},
    )


class ProviderOut(Schema):
    """A provider; its keys are only counted."""

    id = fields.Integer(metadata={"example": 1})
    name = fields.String(metadata={"example": "Groq"})
    kind = fields.String(metadata={"description": "groq, cerebras, openai_compatible or llm.", "example": "groq"})
    base_url = fields.String(allow_none=True, metadata={"description": "null: the kind's own.", "example": None})
    enabled = fields.Boolean(attribute="is_enabled", metadata={"example": True})
    is_local = fields.Boolean(metadata={"example": False})
    requests_per_minute = fields.Integer(allow_none=True, metadata={"example": 30})
    tokens_per_minute = fields.Integer(allow_none=True, metadata={"example": 6000})
    requests_per_day = fields.Integer(allow_none=True, metadata={"example": None})
    tokens_per_day = fields.Integer(allow_none=True, metadata={"example": None})
    max_in_flight = fields.Integer(allow_none=True, metadata={"example": None})
    key_count = fields.Integer(metadata={"description": "How many shared keys it has.", "example": 1})
    model_count = fields.Integer(metadata={"example": 4})
    tested_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When it was last tested."})
    test_category = fields.String(
        allow_none=True, metadata={"description": "Why the last test failed; null after a good one.", "example": None}
    )
    test_message = fields.String(allow_none=True, metadata={"example": "llama-3.3-70b-versatile answered in 0.4 s."})
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class TestIn(Schema):
    """Which model to ask."""

    model_id = Id(metadata={"description": "One of its models; its first enabled one if not given.", "example": 1})


class TestOut(Schema):
    """How the test ended, in words."""

    ok = fields.Function(lambda test: test.category is None, metadata={"type": "boolean", "example": True})
    category = fields.String(allow_none=True, metadata={"description": "Why it failed.", "example": "authentication"})
    message = fields.String(metadata={"description": "What happened and what to do."})
    model = fields.String(attribute="model_name", allow_none=True, metadata={"example": "llama-3.3-70b-versatile"})
    task_id = fields.Integer(
        allow_none=True, metadata={"description": "The task that asked; null for a list of models."}
    )
    provider = fields.Nested(ProviderOut)


class FoundOut(Schema):
    """One entry of the provider's list of models."""

    name = fields.String(metadata={"example": "llama-3.3-70b-versatile"})
    context_window = fields.Integer(allow_none=True, metadata={"example": 131072})
    max_output_tokens = fields.Integer(allow_none=True, metadata={"example": 32768})
    is_ai = fields.Boolean(metadata={"description": "false for echo and the like.", "example": True})
    is_added = fields.Boolean(metadata={"description": "It is one of our models already.", "example": False})
    writes_text = fields.Boolean(metadata={"description": "false for embeddings, speech and the like, by name."})


@bp.route("")
class Providers(MethodView):
    @bp.response(200, ProviderOut(many=True))
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[Provider]:
        """List providers

        In the order they were made.
        """
        with db.connection() as conn:
            pagination_parameters.item_count = providers.count(conn)
            return providers.list_all(
                conn, limit=pagination_parameters.page_size, offset=pagination_parameters.first_item
            )

    @bp.arguments(NewProviderIn)
    @bp.response(201, ProviderOut)
    @bp.alt_response(403, description="Only admins keep providers.")
    @bp.alt_response(409, description="The name is taken.")
    def post(self, data: dict[str, Any]) -> Provider:
        """Create a provider

        Base URLs must be http or https without a user name; a cloud's metadata addresses are refused.
        """
        with db.transaction() as conn:
            return providers.create(conn, actor=current(), **data)


@bp.route("/<int:provider_id>")
class ProviderById(MethodView):
    @bp.response(200, ProviderOut)
    @bp.alt_response(404, description="There is no such provider.")
    def get(self, provider_id: int) -> Provider:
        """Get a provider"""
        with db.transaction() as conn:
            return providers.get(conn, provider_id=provider_id)

    @bp.arguments(ProviderIn)
    @bp.response(200, ProviderOut)
    @bp.alt_response(404, description="There is no such provider.")
    @bp.alt_response(409, description="The name is taken, or the provider needs the address that would go.")
    def patch(self, data: dict[str, Any], provider_id: int) -> Provider:
        """Change a provider

        Only what is sent changes. Keys have their own address, `/api/v1/llm/keys`.
        """
        with db.transaction() as conn:
            return providers.update(conn, actor=current(), provider_id=provider_id, **data)

    @bp.response(204)
    @bp.alt_response(404, description="There is no such provider.")
    @bp.alt_response(409, description="A route asks one of its models.")
    def delete(self, provider_id: int) -> None:
        """Archive a provider

        Its models go with it and its keys are deleted; what they answered stays.
        """
        with db.transaction() as conn:
            providers.archive(conn, actor=current(), provider_id=provider_id)


@bp.route("/<int:provider_id>/test", methods=["POST"])
@bp.arguments(TestIn, required=False)
@bp.response(200, TestOut)
@bp.alt_response(404, description="There is no such provider.")
def test(data: dict[str, Any], provider_id: int) -> connections.Test:
    """Test the connection

    Asks a model for one word, which costs a few tokens. A failed test is answered with 200 and `ok: false`; the reason
    is kept on the provider.
    """
    return connections.test(actor=current(), provider_id=provider_id, **data)


@bp.route("/<int:provider_id>/discover", methods=["POST"])
@bp.response(200, FoundOut(many=True))
@bp.alt_response(404, description="There is no such provider.")
@bp.alt_response(409, description="It gave no list; the detail says why.")
def discover(provider_id: int) -> list[discovery.Found]:
    """Discover models

    The provider's own list, or the installed models of the llm library. Nothing is added: post to `/api/v1/llm/models`.
    """
    found = connections.discover(actor=current(), provider_id=provider_id)
    with db.transaction() as conn:
        provider = providers.get(conn, provider_id=provider_id)
        return discovery.sort(found, provider=provider, present=models.list_of_provider(conn, provider_id=provider_id))
