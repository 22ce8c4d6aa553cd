"""A model name taken apart: `kind[:argument][;option[=value]]…`."""

from collections.abc import Mapping
from dataclasses import dataclass


class UnknownBehaviour(ValueError):
    """A model name that asks for something the stand-in cannot do; the text says what."""


@dataclass(frozen=True)
class Name:
    kind: str
    argument: str
    options: Mapping[str, str]

    def first(self, default: float) -> float:
        """The argument as a number; `inf` is one."""
        return _number(self.kind, self.argument) if self.argument else default

    def whole(self, default: int) -> int:
        return _whole(self.kind, self.first(default))

    def number(self, option: str, default: float) -> float:
        value = self.options.get(option)
        return default if value is None else _number(option, value)

    def integer(self, option: str, default: int) -> int:
        return _whole(option, self.number(option, default))


def parse(text: str) -> Name:
    head, *rest = text.split(";")
    kind, _, argument = head.partition(":")
    pairs = (option.strip().partition("=") for option in rest)
    return Name(kind.strip(), argument.strip(), {key: value for key, _, value in pairs})


def _number(what: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UnknownBehaviour(f"{what!r} takes a number, not {value!r}") from None


def _whole(what: str, value: float) -> int:
    if value != value or value in (float("inf"), float("-inf")):
        raise UnknownBehaviour(f"{what!r} takes a whole number, not {value!r}")
    return int(value)
