"""The address space of OpenAI's API, and the section of the document that describes it."""

from __future__ import annotations

from flask_smorest import Blueprint

bp = Blueprint(
    "gateway",
    __name__,
    url_prefix="/v1",
    description="For any OpenAI client: base URL `/v1`, the same tokens. Errors have OpenAI's shape.",
)
