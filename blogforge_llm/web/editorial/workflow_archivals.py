"""Putting a stage, a step or a field away: first a page that says what that does, then the doing, and the way back."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.services.editorial import workflow_archival
from blogforge_llm.services.editorial.workflow_archival import Noun
from blogforge_llm.web import forms, viewers
from blogforge_llm.web.editorial import workflow_orders

bp = Blueprint("workflow_archivals", __name__, url_prefix="/settings/workflow/<plural>/<int:row_id>")

_SHOW = "editorial/workflow_archivals/show.html"


@bp.get("/archival")
def show(plural: str, row_id: int) -> ResponseReturnValue:
    return render_template(_SHOW, errors={}, **_context(plural, row_id))


@bp.post("/archival")
def create(plural: str, row_id: int) -> ResponseReturnValue:
    noun = _noun(plural)
    try:
        with db.transaction() as conn:
            row = workflow_archival.archive(conn, actor=viewers.current(), noun=noun, row_id=row_id)
    except forms.REFUSALS as refusal:
        return forms.again(_SHOW, refusal, **_context(plural, row_id))
    return workflow_orders.done(f"“{row.name}” is archived. Everything written there is kept.", _page(noun, row_id))


@bp.post("/restoration")
def restore(plural: str, row_id: int) -> ResponseReturnValue:
    noun = _noun(plural)
    with db.transaction() as conn:
        row = workflow_archival.restore(conn, actor=viewers.current(), noun=noun, row_id=row_id)
    return workflow_orders.done(f"“{row.name}” is back, with everything written there.", _page(noun, row_id))


def _noun(plural: str) -> Noun:
    """Raises NotFound for an address that is none."""
    found = next((noun for noun in Noun if f"{noun}s" == plural), None)
    if found is None:
        raise NotFound("There is no such page.")
    return found


def _page(noun: Noun, row_id: int) -> str:
    return url_for(f"workflow_{noun}s.show", **{f"{noun}_id": row_id})  # type: ignore[arg-type]


def _context(plural: str, row_id: int) -> dict[str, object]:
    noun = _noun(plural)
    with db.transaction() as conn:
        impact = workflow_archival.impact(conn, actor=viewers.current(), noun=noun, row_id=row_id)
    return {"impact": impact, "plural": plural, "back": _page(noun, row_id)}
