"""A form that was refused comes back with what was typed, and what is wrong beside each field.

except forms.REFUSALS as refusal:
    return forms.again("registry/providers/new.html", refusal, form=request.form)

And what the form of a sortable list says.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request

from blogforge_llm import errors

REFUSALS = (errors.Invalid, errors.Conflict, errors.TooMany, errors.TooSlow)
_STATUS = {errors.Invalid: 422, errors.Conflict: 409, errors.TooMany: 429, errors.TooSlow: 503}


def again(template: str, refusal: errors.DomainError, **context: Any) -> Response:
    """The page with `errors`: field -> message; what concerns no field stands under "form" (give that id="f-form")."""
    messages = getattr(refusal, "errors", None) or {"form": str(refusal)}
    status = next(status for kind, status in _STATUS.items() if isinstance(refusal, kind))
    response = make_response(render_template(template, errors=messages, **context), status)
    if isinstance(refusal, errors.TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response


def order() -> list[int]:
    """The ids of a sortable list (components/sortable.html) as its form sends them, with the pressed arrow's move in
    it. Raises Invalid for what is no list of ids."""
    given = request.form.getlist("order")
    if not all(each.isdecimal() and len(each) < 19 for each in given):
        raise errors.Invalid.field("order", "The order must name each entry of the list once, and no other one.")
    ids = [int(each) for each in given]
    moved, _, way = request.form.get("move", "").partition(":")
    if moved in given:
        place = given.index(moved)
        other = min(max(place + (-1 if way == "up" else 1), 0), len(ids) - 1)
        ids[place], ids[other] = ids[other], ids[place]
    return ids
