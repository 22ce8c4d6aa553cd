"""/api/v1/llm/proposals: versions of parts and templates that wait to be published."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.prompts.change_schemas import ProposalOut
from blogforge_llm.records.prompts import Proposal
from blogforge_llm.services.prompts import approvals

bp = Blueprint("proposals", __name__, url_prefix="/api/v1/llm/proposals", description="What waits to be published.")


@bp.get("")
@bp.response(200, ProposalOut(many=True))
@bp.paginate()
def index(pagination_parameters: Any) -> list[Proposal]:
    """List proposals

    The oldest first. Publish one with `PUT` on its part's or template's `published`, or decline it.
    """
    page = pagination_parameters
    with db.transaction() as conn:
        page.item_count = approvals.count_waiting(conn)
        return approvals.list_waiting(conn, actor=current(), limit=page.page_size, offset=page.first_item)
