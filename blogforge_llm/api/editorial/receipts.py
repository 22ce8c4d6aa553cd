"""Receipts of texts over the API, and what somebody says about a text: it stays although it is stale, it is done."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from blogforge_llm import db
from blogforge_llm.api.authentication import current
from blogforge_llm.api.editorial.fields import value_out
from blogforge_llm.api.editorial.receipt_schemas import DoneIn, ReceiptOut
from blogforge_llm.api.editorial.schemas import FieldOut
from blogforge_llm.api.editorial.section_fields import section_place
from blogforge_llm.records.receipts import Receipt
from blogforge_llm.services.editorial import marks, receipts, staleness

bp = Blueprint("receipts", __name__, url_prefix="/api/v1", description="Where texts came from.")

_POST, _SECTION = "/posts/<int:post_id>/fields/<field_key>", "/sections/<int:section_id>/fields/<field_key>"
_GONE = "No such post, section or field."
_MOVED = "The text moved on from `revision`, there is none, or the post or section is deleted."


@bp.get(f"{_POST}/receipt")
@bp.response(200, ReceiptOut)
@bp.alt_response(404, description="No such post or field, or nothing was written there yet.")
def show(post_id: int, field_key: str) -> Receipt:
    """Get the receipt of a field's text

    Prompt and parts with their versions, the model that answered, every attempt, the cost, what it was made from, who
    accepted it, and how much was changed.
    """
    with db.transaction() as conn:
        return receipts.get(conn, actor=current(), post_id=post_id, field_key=field_key)


@bp.get(f"{_SECTION}/receipt")
@bp.response(200, ReceiptOut)
@bp.alt_response(404, description="No such section or field, or nothing was written there yet.")
def show_of_section(section_id: int, field_key: str) -> Receipt:
    """Get the receipt of a text of a section"""
    with db.transaction() as conn:
        return receipts.get(conn, actor=current(), **section_place(conn, section_id, field_key))


@bp.post(f"{_POST}/dismissal")
@bp.response(200, FieldOut)
@bp.alt_response(404, description=_GONE)
@bp.alt_response(409, description="The post is deleted.")
def dismiss(post_id: int, field_key: str) -> dict[str, Any]:
    """Keep a stale text as it is

    It is stale again once a source changes to yet another text. For a text that is not stale nothing happens.
    """
    with db.transaction() as conn:
        return _dismissed(conn, post_id=post_id, field_key=field_key)


@bp.post(f"{_SECTION}/dismissal")
@bp.response(200, FieldOut)
@bp.alt_response(404, description=_GONE)
@bp.alt_response(409, description="The section or its post is deleted.")
def dismiss_of_section(section_id: int, field_key: str) -> dict[str, Any]:
    """Keep a stale text of a section as it is"""
    with db.transaction() as conn:
        return _dismissed(conn, **section_place(conn, section_id, field_key))


@bp.put(f"{_POST}/completion")
@bp.arguments(DoneIn)
@bp.response(204)
@bp.alt_response(404, description=_GONE)
@bp.alt_response(409, description=_MOVED)
def complete(data: dict[str, Any], post_id: int, field_key: str) -> None:
    """Call a field's text done

    The mark is on this text: the next one is not done.
    """
    with db.transaction() as conn:
        marks.complete(conn, actor=current(), revision_id=data["revision"], post_id=post_id, field_key=field_key)


@bp.delete(f"{_POST}/completion")
@bp.response(204)
@bp.alt_response(404, description=_GONE)
@bp.alt_response(409, description="The post or section is deleted.")
def reopen(post_id: int, field_key: str) -> None:
    """Take the mark done off a field's text"""
    with db.transaction() as conn:
        marks.reopen(conn, actor=current(), post_id=post_id, field_key=field_key)


@bp.put(f"{_SECTION}/completion")
@bp.arguments(DoneIn)
@bp.response(204)
@bp.alt_response(404, description=_GONE)
@bp.alt_response(409, description=_MOVED)
def complete_of_section(data: dict[str, Any], section_id: int, field_key: str) -> None:
    """Call a text of a section done"""
    with db.transaction() as conn:
        marks.complete(
            conn, actor=current(), revision_id=data["revision"], **section_place(conn, section_id, field_key)
        )


@bp.delete(f"{_SECTION}/completion")
@bp.response(204)
@bp.alt_response(404, description=_GONE)
@bp.alt_response(409, description="The post or section is deleted.")
def reopen_of_section(section_id: int, field_key: str) -> None:
    """Take the mark done off a text of a section"""
    with db.transaction() as conn:
        marks.reopen(conn, actor=current(), **section_place(conn, section_id, field_key))


def _dismissed(conn: db.Connection, **place: Any) -> dict[str, Any]:
    staleness.dismiss(conn, actor=current(), **place)
    return value_out(conn, **place)
