"""GET /v1/models: what may be asked for by name."""

from __future__ import annotations

from typing import Any

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.api.gateway import schemas
from blogforge_llm.api.gateway.blueprint import bp
from blogforge_llm.api.gateway.completions import error_responses
from blogforge_llm.records.registry import Offer
from blogforge_llm.services.registry import offers


@bp.get("/models")
@bp.response(200, schemas.OfferListOut)
@bp.doc(responses=error_responses(401))
def index() -> dict[str, Any]:
    """List the routes and models that can be asked."""
    with db.connection() as conn:
        found = offers.list_all(conn, actor=authentication.current())
    return {"object": "list", "data": [_shown(offer) for offer in found]}


@bp.get("/models/<path:name>")
@bp.response(200, schemas.OfferOut)
@bp.doc(responses=error_responses(401, 404))
def show(name: str) -> dict[str, Any]:
    """One route or model by its name."""
    with db.connection() as conn:
        return _shown(offers.get(conn, actor=authentication.current(), name=name))


def _shown(offer: Offer) -> dict[str, Any]:
    return {"id": offer.name, "created": int(offer.created_at.timestamp()), "owned_by": offer.owner}
