"""What a form with a sortable list says, and how something done to the workflow is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, make_response, request
from flask.typing import ResponseReturnValue

from blogforge_llm.errors import DomainError
from blogforge_llm.services.editorial.workflow_steps import ICONS
from blogforge_llm.web import forms, htmx


def typed() -> dict[str, Any]:
    """`order` and `version`. Raises Invalid for what is no list of ids."""
    return {"order": forms.order(), "version": request.form.get("version", -1, type=int)}


def icon_choices(own: str | None = None) -> list[tuple[str, str]]:
    """Pairs of name and label; the one in use is among them."""
    names = [*ICONS, *([own] if own and own not in ICONS else [])]
    return [(name, name.replace("-", " ").capitalize()) for name in names]


def done(notice: str, back: str) -> ResponseReturnValue:
    flash(notice, "success")
    return htmx.redirect_or(back)


def reordered(draw: Callable[[], str], back: str) -> ResponseReturnValue:
    """`draw` gives the page, of which htmx takes the list, so that the focus stays on what was moved."""
    notice = "The order is saved."
    return htmx.notify(make_response(draw()), notice) if htmx.wants_fragment() else done(notice, back)


def refused(template: str, refusal: DomainError, **context: Any) -> Response:
    """The page as it is now, with why the order was not taken."""
    response = forms.again(template, refusal, **context)
    if htmx.wants_fragment():
        response.status_code = 200  # a 409 is not swapped (base.html), and this one says it in words
    return response
