"""Marshmallow fields that this API needs and marshmallow does not have."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

_BROKEN = re.compile("[\x00\ud800-\udfff]")


class Text(fields.String):
    """A string PostgreSQL can take: no NUL, no lone surrogate. Line ends become \\n in the service."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if found := _BROKEN.search(text):
            raise ValidationError(f"There is a NUL or broken character at position {found.start() + 1}. Remove it.")
        return text


class Line(Text):
    """One line that is not empty, at most 200 characters."""

    def __init__(self, *, max_length: int = 200, **kwargs: Any) -> None:
        rules = [validate.Length(min=1, max=max_length), validate.Regexp(r"^[^\r\n]*\S[^\r\n]*$")]
        super().__init__(validate=rules, **kwargs)


class Id(fields.Integer):
    """A row's id: a positive bigint."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(min=1, max=2**63 - 1), **kwargs)


class Number(fields.Integer):
    """A row's id in an address, where everything is text."""

    def __init__(self, *, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=minimum, max=10**18 - 1), **kwargs)


class Money(fields.Decimal):
    """USD as a decimal string, so that no digit is lost on the way."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(as_string=True, **kwargs)
