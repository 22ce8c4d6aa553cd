"""Marshmallow fields that this API needs and marshmallow does not have."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

_BROKEN = re.compile("[\x00\ud800-\udfff]")
_PRICE = r"^\s*[0-9]{1,7}(\.[0-9]{1,9})?\s*$"
# The blanks are written out: \s is not the same set in Python and in JSON Schema.
_EMAIL = r"^[ \t\n\v\f\r]*[^@ \t\n\v\f\r<>,;:\"()\[\]\\]+@[^@ \t\n\v\f\r<>,;:\"()\[\]\\]+[ \t\n\v\f\r]*$"


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


class Secret(Text):
    """A credential as it stands in a header: visible characters without spaces, which people paste around it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=[validate.Length(min=1, max=1000), validate.Regexp(r"^\s*[!-~]+\s*$")], **kwargs)


class Email(Text):
    """An e-mail address, as services/accounts/users.py takes it."""

    def __init__(self, **kwargs: Any) -> None:
        looks = validate.Regexp(_EMAIL, error="This is not an e-mail address. It looks like name@example.org.")
        super().__init__(validate=[validate.Length(min=1, max=254), looks], **kwargs)


class Whole(fields.Integer):
    """A whole number as JSON has it: 7 and 7.0 are one, "7" and true are none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not is_whole:
            raise self.make_error("invalid", input=value)
        return int(value)


class Flag(fields.Boolean):
    """true or false, and nothing that only looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Id(Whole):
    """A row's id: a positive bigint."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=1, max=2**63 - 1), **kwargs)


class Number(fields.Integer):
    """A row's id in an address, where everything is text."""

    def __init__(self, *, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=minimum, max=10**18 - 1), **kwargs)


class Money(fields.Decimal):
    """USD as a decimal string, so that no digit is lost on the way."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(as_string=True, **kwargs)


class Input(fields.Raw):
    """What fills a variable: a text or a list of texts. The resolver refuses anything else, naming the variable."""

    def __init__(self, **kwargs: Any) -> None:
        shape = {"type": ["string", "array"], "items": {"type": "string"}}
        super().__init__(allow_none=True, metadata=shape, **kwargs)


class Price(Money):
    """USD that come in: a decimal string, or a number for convenience."""

    def __init__(self, *, metadata: dict[str, Any], **kwargs: Any) -> None:
        shape = {
            "type": ["string", "number"],
            "pattern": r"^\s*[0-9]{1,7}(\.[0-9]{1,9})?\s*$",
            "minimum": 0,
            "maximum": 1_000_000,
        }
        super().__init__(allow_nan=False, metadata=shape | metadata, **kwargs)


class Share(fields.Decimal):
    """From 0 to 1, as a decimal string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(as_string=True, **kwargs)


class After(Id):
    """A cursor in an address: `next` of the page before."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20
        return super()._deserialize(int(value) if is_number else value, attr, data, **kwargs)


class Limit(fields.Integer):
    """How many at most, in an address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default=50, validate=validate.Range(min=1, max=200), **kwargs)
