"""Marshmallow fields that this API needs and marshmallow does not have."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

# "Field may not be null" is taken, by people and by generators that learn from answers, for "the field is missing".
fields.Field.default_error_messages["null"] = "null stands for nothing here. Give a value, or leave the field out."

_BROKEN = re.compile("[\x00\ud800-\udfff]")
LARGEST = 2**63 - 1024
"""Of the numbers that fit 64 bits the last one that does so as a double too: readers of JSON may know no other."""

STORABLE = r"^[^\x00]*$"
FILLED = r"^[^\x00]*[^\s\x00-\x1f\x85\ufeff][^\x00]*$"
_LINE = r"^[^\r\n\x00]*[^\s\x00-\x1f\x85\ufeff][^\r\n\x00]*$"
_SECRET = r"^\s*[!-~]+\s*$"
_ADDRESS = r"^(\s*|\s*[hH][tT][tT][pP][sS]?://[^\s/?#@\\]+(/[^\s?#\\]*)?\s*)$"
# What the document says of an address: fewer spellings than are taken, all of which are good for any server.
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = rf"({_LABEL}\.){{0,8}}[A-Za-z_]([A-Za-z0-9_-]{{0,61}}[A-Za-z0-9_])?"
_BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"([1-9][0-9]?|1[0-5][0-9]|16[0-8]|1[7-9][0-9]|2[01][0-9]|22[0-3])(\.{_BYTE}){{3}}"
_IPV6 = r"\[(::1|[23][0-9A-Fa-f]{3}(:[0-9A-Fa-f]{1,4}){7})\]"
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_PLAIN_ADDRESS = rf"https?://({_NAME}|{_IPV4}|{_IPV6})(:{_PORT})?(/[!-\"$->@-\[\]-~]*)?"
# The blanks are written out: \s is not the same set in Python and in JSON Schema.
_BLANKS = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_LOCAL = rf'[^@{_BLANKS}<>,;:"()\[\]\\]+'
_HOST = rf'[^@{_BLANKS}<>,;:"()\[\]\\.]+'
_EMAIL = rf"^[ \t\n\v\f\r]*{_LOCAL}@{_HOST}(\.{_HOST})*[ \t\n\v\f\r]*$"
_KEY = r"^[a-z][a-z0-9_]{0,59}$"
FEW_CHARACTERS = r"^(.)\1*((?!\1)(.)(\1|\3)*((?!\1|\3)(.)(\1|\3|\6)*)?)?$"


class Text(fields.String):
    """A string PostgreSQL can take: no NUL, no lone surrogate. Line ends become \\n in the service, which also refuses
    what is blank where it must be `filled`."""

    def __init__(self, *, filled: bool = False, metadata: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": FILLED if filled else STORABLE} | (metadata or {}), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if found := _BROKEN.search(text):
            raise ValidationError(f"There is a NUL or broken character at position {found.start() + 1}. Remove it.")
        return text


class Day(Text):
    """A day in an address, or a time where `has_time`; empty for none, as a page's form sends it. The service reads it.

    It states nothing but its formats: generators try, one by one, what fits a pattern beside them.
    """

    def __init__(self, *, has_time: bool = False, metadata: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        kinds = ["date", "date-time"] if has_time else ["date"]
        shape = {"anyOf": [*({"type": "string", "format": kind} for kind in kinds), {"const": ""}]}
        self.metadata = shape | metadata


class Line(Text):
    """One line that is not empty, at most 200 characters."""

    def __init__(self, *, max_length: int = 200, metadata: dict[str, Any] | None = None, **kwargs: Any) -> None:
        rules = [validate.Length(min=1, max=max_length), validate.Regexp(_LINE)]
        super().__init__(validate=rules, metadata={"pattern": _LINE} | (metadata or {}), **kwargs)


class Secret(Text):
    """A credential as it stands in a header: visible characters without spaces, which people paste around it."""

    def __init__(self, *, metadata: dict[str, Any], **kwargs: Any) -> None:
        rules = [validate.Length(min=1, max=1000), validate.Regexp(_SECRET)]
        super().__init__(validate=rules, metadata={"pattern": _SECRET} | metadata, **kwargs)


class Email(Text):
    """An e-mail address, as services/accounts/users.py takes it."""

    def __init__(self, *, metadata: dict[str, Any], **kwargs: Any) -> None:
        looks = validate.Regexp(_EMAIL, error="This is not an e-mail address. It looks like name@example.org.")
        rules = [validate.Length(min=1, max=254), looks]
        super().__init__(validate=rules, metadata={"pattern": _EMAIL} | metadata, **kwargs)


class Address(Text):
    """Where somebody is asked: http or https, without user name, query and fragment. The service knows more rules, and
    more spellings than the document tells."""

    def __init__(self, *, filled: bool = False, longest: int = 2000, metadata: dict[str, Any], **kwargs: Any) -> None:
        told = f"^{_PLAIN_ADDRESS}$" if filled else f"^({_PLAIN_ADDRESS})?$"
        looks = validate.Regexp(_ADDRESS, error="This is not a web address. Write it like https://api.example.com/v1.")
        rules = [validate.Length(max=longest), looks]
        super().__init__(validate=rules, metadata={"pattern": told} | metadata, **kwargs)


class Key(Text):
    """What names a row of the workflow, in addresses and in prompts."""

    def __init__(self, *, metadata: dict[str, Any], **kwargs: Any) -> None:
        says = "A key is lower-case letters, digits and _, and begins with a letter: fact_check."
        rules = [validate.Length(min=1, max=60), validate.Regexp(_KEY, error=says)]
        super().__init__(validate=rules, metadata={"pattern": _KEY} | metadata, **kwargs)


class Whole(fields.Integer):
    """A whole number as JSON has it: 7 and 7.0 are one, "7" and true are none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not is_whole:
            raise self.make_error("invalid", input=value)
        return int(value)


class Real(fields.Float):
    """A number as JSON has it: "0.5" and true are none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_nan=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Seconds(Real):
    """A span of time, kept to a tenth of a second."""

    def __init__(self, *, most: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=0.1, max=most), **kwargs)


class Flag(fields.Boolean):
    """true or false, and nothing that only looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Id(Whole):
    """A row's id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=1, max=LARGEST), **kwargs)


class Number(fields.Integer):
    """A row's id in an address, where everything is text."""

    def __init__(self, *, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=minimum, max=10**18 - 1), **kwargs)


class Money(fields.Decimal):
    """USD as a decimal string, so that no digit is lost on the way."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(as_string=True, **kwargs)


class Inputs(fields.Dict):
    """What fills each variable: a text or a list of texts. Which there are, the resolver looks."""

    def __init__(self, **kwargs: Any) -> None:
        shape = {"type": ["string", "array"], "items": {"type": "string"}}
        super().__init__(keys=fields.String(), values=fields.Raw(allow_none=True, metadata=shape), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        given: dict[str, Any] = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        wrong = {
            name: [f"`{name[:100]}` must be a text or a list of texts."]
            for name, value in given.items()
            if not (value is None or isinstance(value, str))
            and not (isinstance(value, list) and all(isinstance(each, str) for each in value))
        }
        if wrong:
            raise ValidationError(wrong)
        return given


class Exact(fields.Decimal):
    """A decimal that comes in: as a string, or as a number for convenience."""

    def __init__(self, *, pattern: str, least: Decimal, most: Decimal, metadata: dict[str, Any], **kwargs: Any) -> None:
        shape = {
            "type": ["string", "number"],
            "pattern": f"^{pattern}$",
            "minimum": float(least),
            "maximum": float(most),
        }
        super().__init__(allow_nan=False, metadata=shape | metadata, **kwargs)
        self._pattern, self._least, self._most = re.compile(pattern), least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid", input=value)
        exact: Decimal = super()._deserialize(value, attr, data, **kwargs)
        if not self._least <= exact <= self._most:
            raise ValidationError(f"Must be from {self._least:f} to {self._most:f}.")
        if isinstance(value, str) and not self._pattern.fullmatch(value):
            raise ValidationError("Write it in digits, like 0.59, with at most nine after the point.")
        return exact


class Price(Exact):
    """USD that come in, from nothing to a million."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = r"([0-9]{1,6}(\.[0-9]{1,9})?|1000000)"
        super().__init__(pattern=pattern, least=Decimal(0), most=Decimal(1_000_000), **kwargs)


class Sum(Exact):
    """USD that come in, more than nothing and less than a million."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = r"([1-9][0-9]{0,5}(\.[0-9]{1,9})?|0\.[0-9]{0,8}[1-9])"
        super().__init__(pattern=pattern, least=Decimal("1e-9"), most=Decimal("999999"), **kwargs)


class ShareIn(Exact):
    """Of something, from a thousandth to all of it."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = r"(0\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9])|1(\.0{1,3})?)"
        super().__init__(pattern=pattern, least=Decimal("0.001"), most=Decimal(1), **kwargs)


class Share(fields.Decimal):
    """From 0 to 1, as a decimal string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(as_string=True, **kwargs)


class After(Id):
    """A cursor in an address: `next` of the page before."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20
        return super()._deserialize(int(value) if is_number else value, attr, data, **kwargs)


class Version(Whole):
    """The number of a version, which a table keeps in an integer."""

    def __init__(self, *, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=minimum, max=2**31 - 1), **kwargs)


class Limit(fields.Integer):
    """How many at most, in an address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default=50, validate=validate.Range(min=1, max=200), **kwargs)
