"""One's own API tokens over the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from blogforge_llm import db
from blogforge_llm.api import authentication, idempotency
from blogforge_llm.api.fields import Line
from blogforge_llm.records.accounts import ApiToken
from blogforge_llm.services.accounts import tokens

bp = Blueprint("tokens", __name__, url_prefix="/api/v1/tokens", description="One's own API tokens.")


class TokenOut(Schema):
    """A token, without its text."""

    id = fields.Integer(required=True, metadata={"description": "The token's id.", "example": 12})
    name = fields.String(required=True, metadata={"description": "What it is for.", "example": "nightly import"})
    hint = fields.String(required=True, metadata={"description": "How it begins.", "example": "bf_x7Kq2P"})
    created_at = fields.AwareDateTime(required=True, metadata={"description": "When it was made."})
    last_used_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "The last use, to the minute; null for never."}
    )


class TokenMade(TokenOut):
    """A new token with its text."""

    token = fields.String(
        metadata={
            "description": "The token, this once. A repetition by Idempotency-Key leaves it out.",
            "example": "bf_x7Kq2P…",
        }
    )


class TokenIn(Schema):
    """A new token."""

    name = Line(required=True, max_length=100, metadata={"description": "What it is for.", "example": "nightly import"})


@bp.route("")
class Tokens(MethodView):
    @bp.response(200, TokenOut(many=True))
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[ApiToken]:
        """List one's own tokens

        Newest first, without those that were revoked.
        """
        first, size = pagination_parameters.first_item, pagination_parameters.page_size
        with db.transaction() as conn:
            pagination_parameters.item_count = tokens.count(conn, actor=authentication.current())
            return tokens.list_(conn, actor=authentication.current(), limit=size, offset=first)

    @bp.arguments(TokenIn)
    @bp.response(201, TokenMade)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Create a token

        It may do what its owner may do. Its text is in this answer and nowhere else.
        """
        idempotency.withhold("token")
        with db.transaction() as conn:
            token, text = tokens.create(conn, actor=authentication.current(), name=data["name"])
        return asdict(token) | {"token": text}


@bp.route("/<int:token_id>", methods=["DELETE"])
@bp.response(204)
@bp.alt_response(404, description="No such token of yours, or revoked before.")
@bp.alt_response(409, description="It is the one that asks.")
def delete(token_id: int) -> None:
    """Revoke a token

    From now on it is refused. No token revokes itself, so that no program locks itself out.
    """
    with db.transaction() as conn:
        tokens.revoke(conn, actor=authentication.current(), token_id=token_id, asked_with=authentication.token())
