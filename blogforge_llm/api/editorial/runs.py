"""Runs over the API: drafting sections and running ahead. Starting and so on is that of their batches."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial import run_schemas as schemas
from blogforge_llm.api.editorial.schemas import CursorQuery
from blogforge_llm.records.runs import Accepts, Run
from blogforge_llm.services.editorial import runs

bp = Blueprint("runs", __name__, url_prefix="/api/v1", description="Many fields of a post asked for in one go.")

_DELETED = "The post or a section is deleted."

Made = tuple[Run, int, dict[str, str]]


@bp.post("/posts/<int:post_id>/drafts")
@bp.arguments(schemas.DraftIn)
@bp.response(201, schemas.RunOut)
@bp.alt_response(404, description="No such post or section.")
@bp.alt_response(409, description=_DELETED)
def draft(data: dict[str, Any], post_id: int) -> Made:
    """Plan drafting sections

    The answer has the plan with its estimate; `POST batches/{id}/start` begins it. Each section is asked with its own
    ideas and facts, and is told what the others cover.
    """
    with db.transaction() as conn:
        return _made(runs.draft(conn, actor=current(), post_id=post_id, **_options(data)))


@bp.route("/posts/<int:post_id>/runs")
class Runs(MethodView):
    @bp.arguments(CursorQuery, location="query")
    @bp.response(200, schemas.RunPage)
    @bp.alt_response(404, description="No such post.")
    def get(self, query: dict[str, Any], post_id: int) -> dict[str, Any]:
        """List the runs of a post, the newest first"""
        limit = query["limit"]
        with db.transaction() as conn:
            rows = runs.list_(conn, post_id=post_id, before_id=query.get("after"), limit=limit + 1)
        return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}

    @bp.arguments(schemas.AheadIn, required=False)
    @bp.response(201, schemas.RunOut)
    @bp.alt_response(404, description="No such post, stage or step.")
    @bp.alt_response(409, description=_DELETED)
    def post(self, data: dict[str, Any], post_id: int) -> Made:
        """Plan running ahead

        The usual action of every field, each once what its prompt needs is there. `left_out` says what is filled
        already and what needs a person first; `POST batches/{id}/start` begins it.
        """
        with db.transaction() as conn:
            return _made(runs.ahead(conn, actor=current(), post_id=post_id, **_options(data)))


@bp.get("/runs/<int:run_id>")
@bp.response(200, schemas.RunOut)
@bp.alt_response(404, description="No such run.")
def show(run_id: int) -> Run:
    """Get a run as it stands"""
    with db.transaction() as conn:
        return runs.get(conn, run_id=run_id)


def _options(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"accepts": Accepts(data["accepts"])}


def _made(run: Run) -> Made:
    return run, 201, {"Location": f"/api/v1/runs/{run.id}"}
