"""The field of a limit, for providers and models."""

from __future__ import annotations

from marshmallow import fields, validate

from blogforge_llm.api.fields import Whole


def limit(description: str, example: int) -> fields.Integer:
    return Whole(
        allow_none=True,
        validate=validate.Range(min=1, max=2**31 - 1),
        metadata={"description": f"{description} null for no limit.", "example": example},
    )
