"""A form that was refused comes back with what was typed, and what is wrong beside each field.

except forms.REFUSALS as refusal:
    return forms.again("registry/providers/new.html", refusal, form=request.form)
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template

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
