"""Automate with LLM: ask for suggestions, look at one, accept, discard or stop it."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.records.editorial import Suggestion
from blogforge_llm.services.editorial import suggestions
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial import fields as field_views
from blogforge_llm.web.editorial import options, pages

bp = Blueprint("suggestions", __name__)

_LIST = "editorial/suggestions/_answer.html"


@bp.post("/posts/<int:post_id>/fields/<field_key>/suggestions")
def create(post_id: int, field_key: str) -> ResponseReturnValue:
    """Text that came along with the click is saved first, so that nothing typed is lost or left out of the prompt."""
    try:
        if "text" in request.form:
            field_views.save(post_id, field_key, text=request.form["text"])
    except forms.REFUSALS as refusal:
        return field_views.given_back(post_id, field_key, refusal)
    try:
        asked = options.read(request.form)
        with db.transaction() as conn:
            suggestions.create(conn, actor=viewers.current(), post_id=post_id, field_key=field_key, **asked)
    except forms.REFUSALS as refusal:
        return pages.refused(post_id, field_key, refusal, template=_LIST)
    if htmx.wants_fragment():
        return pages.part(_LIST, post_id, field_key, focus=field_key)
    return redirect(pages.address(post_id, field_key), 303)


@bp.get("/suggestions/<int:suggestion_id>")
def show(suggestion_id: int) -> ResponseReturnValue:
    suggestion = _get(suggestion_id)
    if htmx.wants_fragment():
        return pages.part(
            "editorial/suggestions/_one.html", suggestion.post_id, suggestion.field_key, one=suggestion_id
        )
    return redirect(pages.address(suggestion.post_id, suggestion.field_key))


@bp.post("/suggestions/<int:suggestion_id>/acceptance")
def accept(suggestion_id: int) -> ResponseReturnValue:
    suggestion = _get(suggestion_id)
    base = {"base_revision_id": pages.base_revision()} if "base_revision" in request.form else {}
    text = request.form.get("text")
    try:
        with db.transaction() as conn:
            revision = suggestions.accept(conn, actor=viewers.current(), suggestion_id=suggestion_id, text=text, **base)
            others = len(suggestions.list_passed_over(conn, suggestion_id=suggestion_id))
    except forms.REFUSALS as refusal:
        return pages.refused(suggestion.post_id, suggestion.field_key, refusal, edits={suggestion_id: text or ""})
    notice = f"Accepted. The other {'one is' if others == 1 else f'{others} are'} put away." if others else "Accepted."
    undo = suggestion_id if revision.suggestion_id == suggestion_id else None
    return pages.changed(suggestion.post_id, suggestion.field_key, notice=notice, undo=undo)


@bp.post("/suggestions/<int:suggestion_id>/reopening")
def reopen(suggestion_id: int) -> ResponseReturnValue:
    """Undo of an acceptance."""
    suggestion = _get(suggestion_id)
    try:
        with db.transaction() as conn:
            suggestions.reopen(conn, actor=viewers.current(), suggestion_id=suggestion_id)
    except forms.REFUSALS as refusal:
        return pages.refused(suggestion.post_id, suggestion.field_key, refusal)
    return pages.changed(suggestion.post_id, suggestion.field_key, notice="Undone. The suggestion is open again.")


@bp.post("/suggestions/<int:suggestion_id>/dismissal")
def discard(suggestion_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        suggestion = suggestions.discard(conn, actor=viewers.current(), suggestion_id=suggestion_id)
    return _listed(suggestion)


@bp.post("/suggestions/<int:suggestion_id>/withdrawal")
def withdraw(suggestion_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        suggestion = suggestions.withdraw(conn, actor=viewers.current(), suggestion_id=suggestion_id)
    return _listed(suggestion)


def _listed(suggestion: Suggestion) -> ResponseReturnValue:
    if htmx.wants_fragment():
        return pages.part(_LIST, suggestion.post_id, suggestion.field_key, focus=suggestion.field_key)
    return redirect(pages.address(suggestion.post_id, suggestion.field_key), 303)


def _get(suggestion_id: int) -> Suggestion:
    with db.transaction() as conn:
        return suggestions.get(conn, suggestion_id=suggestion_id)
