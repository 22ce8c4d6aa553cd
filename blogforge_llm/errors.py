"""What can go wrong in the product's own words. web/errors.py and api/errors.py give each its answer; no HTTP here.

The text of these errors is shown to people: say what happened and what to do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Self


class DomainError(Exception):
    """Something the product foresees. `str()` is safe to show to anybody."""


class NotFound(DomainError):
    """It does not exist, or not for this person."""


class Unauthenticated(DomainError):
    """Nobody is logged in, or the session or token is no longer good."""


class Forbidden(DomainError):
    """This person may see it, but not do it."""


class Conflict(DomainError):
    """It changed, or stands in the way. `current` is what is there now, when that helps; `errors` as for Invalid."""

    def __init__(self, message: str, *, current: Any = None, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.current = current
        self.errors = dict(errors or {})


class BaseMissing(DomainError):
    """A write that did not name the revision it is based on."""


class Invalid(DomainError):
    """The input cannot be taken. `errors` maps a field's name to what is wrong with it."""

    def __init__(self, message: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.errors = dict(errors or {})

    @classmethod
    def field(cls, name: str, message: str) -> Self:
        return cls(message, {name: message})


class Unfit(Invalid):
    """Nothing is wrong with the input's form: it does not go with what is there now, and elsewhere would be taken."""


class Missing(Unfit):
    """The input names something that is not there, by id or by name."""


class Mistakes:
    """Gathers what is wrong with an input, so that all of it is said at once: each check stands in `with noted():`."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self._kind: type[Invalid] = Unfit

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        try:
            yield
        except Invalid as refusal:
            self._add(refusal)

    def note(self, name: str, message: str) -> None:
        self._add(Invalid.field(name, message))

    def note_unfit(self, name: str, message: str) -> None:
        self._add(Unfit.field(name, message))

    def refuse(self) -> None:
        """Raises Invalid if there were any, Unfit if all were."""
        if self._found:
            raise self._kind(" ".join(self._found.values()), self._found)

    def _add(self, refusal: Invalid) -> None:
        self._found = refusal.errors | self._found
        if not isinstance(refusal, Unfit):
            self._kind = Invalid


class TooMany(DomainError):
    """Too often; again after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooSlow(DomainError):
    """What was asked takes longer than anybody should wait; it says how to ask for less."""


class Unavailable(DomainError):
    """Something the product stands on is not there: the database, or its schema is old."""
