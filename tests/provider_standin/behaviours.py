"""The register of behaviours and the step from a model's name to a plan; `catalogue.py` has them all."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .answers import default_answer
from .names import Name, UnknownBehaviour, parse
from .plans import Ask, Content, Plan, Reply

COMMON_OPTIONS = {
    "delay": "seconds before the first byte",
    "pace": "milliseconds before each word",
    "words": "length of the default answer",
    "no-usage": "never tell the usage",
    "served-as": "name another model in the answer",
}


@dataclass(frozen=True)
class Behaviour:
    kind: str
    usage: str
    about: str
    options: tuple[str, ...]
    make: Callable[[Ask, Name], Content]


BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(usage: str, about: str, options: str = "") -> Callable[[Callable[[Ask, Name], Content]], None]:
    kind = usage.split(":")[0]

    def register(make: Callable[[Ask, Name], Content]) -> None:
        BEHAVIOURS[kind] = Behaviour(kind, usage, about, tuple(options.split()), make)

    return register


def check(text: str) -> Name:
    """The name taken apart. Raises UnknownBehaviour for a kind or an option that does not exist."""
    name = parse(text)
    found = BEHAVIOURS.get(name.kind)
    if found is None:
        raise UnknownBehaviour(f"the stand-in knows no behaviour {name.kind!r}")
    strange = [option for option in name.options if option not in (*found.options, *COMMON_OPTIONS)]
    if strange:
        raise UnknownBehaviour(f"the behaviour {name.kind!r} has no option {strange[0]!r}")
    return name


def plan(text: str, ask: Ask) -> Plan:
    """The plan of a behaviour for a request. Raises UnknownBehaviour."""
    name = check(text)
    if "words" in name.options:
        ask = replace(ask, answer=default_answer(ask.body, name.integer("words", 40)))
    content = BEHAVIOURS[name.kind].make(ask, name)
    if isinstance(content, Reply):
        if "pace" in name.options:
            content = replace(content, pace=name.number("pace", 0) / 1000)
        if "no-usage" in name.options:
            content = replace(content, usage=False)
        content = replace(content, served_as=name.options.get("served-as"))
    return Plan(content, delay=name.number("delay", 0.0))
