"""/api/v1/batches: plan, start, pause, resume, cancel and retry many tasks as one."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.api.tasks import batch_schemas as schemas
from blogforge_llm.records.batches import Batch, ItemStatus, Planned
from blogforge_llm.services.tasks import asking, batches, planning

bp = Blueprint("batches", __name__, url_prefix="/api/v1/batches", description="Many tasks run as one.")


@bp.get("")
@bp.arguments(schemas.BatchQuery, location="query")
@bp.response(200, schemas.BatchPage)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List your batches, the newest first; admins see all."""
    limit = query["limit"]
    with db.connection() as conn:
        rows = batches.list_(conn, actor=authentication.current(), before_id=query.get("after"), limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}


@bp.post("")
@bp.arguments(schemas.BatchIn)
@bp.response(201, schemas.BatchOut)
def create(body: dict[str, Any]) -> Batch:
    """Plan a batch. The answer has its estimate; nothing is asked before it is started."""
    limits = {name: body.pop(name) for name in ("title", "concurrency", "priority", "budget")}
    with db.transaction() as conn:
        return batches.plan(conn, actor=authentication.current(), items=_planned(conn, body), **limits)


@bp.get("/<int:batch_id>")
@bp.response(200, schemas.BatchOut)
@bp.alt_response(404, schema=None, description="No such batch, or not yours.")
def show(batch_id: int) -> Batch:
    """One batch as it stands."""
    with db.connection() as conn:
        return batches.get(conn, actor=authentication.current(), batch_id=batch_id)


@bp.patch("/<int:batch_id>")
@bp.arguments(schemas.BatchLimits(partial=True))
@bp.response(200, schemas.BatchOut)
def update(body: dict[str, Any], batch_id: int) -> Batch:
    """Change its limits, at any time."""
    with db.transaction() as conn:
        batch = batches.get(conn, actor=authentication.current(), batch_id=batch_id)
        limits = {name: body.get(name, getattr(batch, name)) for name in ("concurrency", "priority", "budget")}
        return batches.update(conn, actor=authentication.current(), batch_id=batch_id, **limits)


@bp.delete("/<int:batch_id>")
@bp.response(204)
@bp.alt_response(404, schema=None, description="No such batch, or not yours.")
@bp.alt_response(409, schema=None, description="It was started: cancel it instead.")
def discard(batch_id: int) -> None:
    """Discard a draft: nothing was asked, and nothing stays of it."""
    with db.transaction() as conn:
        batches.discard(conn, actor=authentication.current(), batch_id=batch_id)


@bp.get("/<int:batch_id>/items")
@bp.arguments(schemas.ItemQuery, location="query")
@bp.response(200, schemas.ItemPage)
@bp.alt_response(404, schema=None, description="No such batch, or not yours.")
def items(query: dict[str, Any], batch_id: int) -> dict[str, Any]:
    """List its items in their order, with their answers."""
    status, limit = query.get("status"), query["limit"]
    with db.connection() as conn:
        rows = batches.list_items(
            conn, actor=authentication.current(), batch_id=batch_id, after=query["after"], limit=limit + 1,
            status=ItemStatus(status) if status else None,
        )  # fmt: skip
    return {"items": rows[:limit], "next": rows[limit - 1].position if len(rows) > limit else None}


@bp.post("/<int:batch_id>/items")
@bp.arguments(schemas.BatchItemsIn)
@bp.response(200, schemas.BatchOut)
def add_items(body: dict[str, Any], batch_id: int) -> Batch:
    """Add items to a draft. A key that is there already stays as it is, so adding twice is adding once."""
    with db.transaction() as conn:
        return batches.add(conn, actor=authentication.current(), batch_id=batch_id, items=_planned(conn, body))


@bp.post("/<int:batch_id>/start")
@bp.response(202, schemas.BatchOut)
def start(batch_id: int) -> Batch:
    """Begin a draft."""
    with db.transaction() as conn:
        return batches.start(conn, actor=authentication.current(), batch_id=batch_id)


@bp.post("/<int:batch_id>/pause")
@bp.response(202, schemas.BatchOut)
def pause(batch_id: int) -> Batch:
    """Begin nothing more; what runs goes on to its end."""
    with db.transaction() as conn:
        return batches.pause(conn, actor=authentication.current(), batch_id=batch_id)


@bp.post("/<int:batch_id>/resume")
@bp.response(202, schemas.BatchOut)
def resume(batch_id: int) -> Batch:
    """Go on with what was never tried. What failed is retried by `retry` alone."""
    with db.transaction() as conn:
        return batches.resume(conn, actor=authentication.current(), batch_id=batch_id)


@bp.post("/<int:batch_id>/cancel")
@bp.response(202, schemas.BatchOut)
def cancel(batch_id: int) -> Batch:
    """Stop it for good. Running calls end within a second."""
    with db.transaction() as conn:
        return batches.cancel(conn, actor=authentication.current(), batch_id=batch_id)


@bp.post("/<int:batch_id>/retry")
@bp.response(202, schemas.BatchOut)
def retry(batch_id: int) -> Batch:
    """Ask again for what failed; attempts add up."""
    with db.transaction() as conn:
        return batches.retry(conn, actor=authentication.current(), batch_id=batch_id)


def _planned(conn: db.Connection, body: dict[str, Any]) -> list[Planned]:
    rows = [planning.Row(item.get("inputs", {}), item.get("messages"), item.get("key")) for item in body["items"]]
    whom = asking.whom(conn, route=body.get("route"), model=body.get("model"))
    return planning.plan(
        conn, rows, template_id=body["template_id"], parameters=body.get("parameters"), deadline_s=body["deadline_s"],
        **whom,
    )  # fmt: skip
