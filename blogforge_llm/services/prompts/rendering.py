"""The language of prompts: {{ name }}, {% for item in name %} and {% if name %}, in Jinja's sandbox. Anything else is
refused when it is saved (grammar.py), so that no prompt can call, compute or grow without bound. What blocks say is
resolver.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from blogforge_llm.errors import Invalid
from blogforge_llm.services.prompts import grammar

MAX_SOURCE = 100_000  # characters of one part or message
MAX_OUTPUT = 1_000_000  # characters of what it may grow to
MAX_LOOPS = 20_000  # turns of all loops of one text
MAX_ITEMS = 2_000  # of one list

Value = str | list[str]

_UNCLOSED = (  # what Jinja says, and what its writer needs to hear
    ("end of print statement", "a {{ is not closed by }}"),
    ("end of statement block", "a {% is not closed by %}"),
    ("Unexpected end of template", "an {% if %} or {% for %} is not closed by its {% endif %} or {% endfor %}"),
    ("got 'end of template'", "a {{ or {% is not closed"),
    ("Missing end of comment", "a {# is not closed by #}"),
)


@dataclass(frozen=True, slots=True)
class Uses:
    """The variables of a text in the order they appear. `tested` ones stand in an if, so they may be empty;
    `looped` ones are read as lists."""

    names: tuple[str, ...]
    tested: frozenset[str]
    looped: frozenset[str]


def bulleted(value: Value) -> str:
    """A list as lines that begin with a dash; a text as it is."""
    if isinstance(value, str):
        return value
    return "\n".join("- " + item.strip().replace("\n", "\n  ") for item in value if item.strip())


def check(source: str, *, name: str, label: str) -> Uses:
    """The variables of a text. Raises Invalid for the field `name`, with label and line, for what is not a prompt."""
    try:
        return _compiled(source)[1]
    except grammar.Refused as error:
        raise Invalid.field(name, f"{label}, line {error.line}: {error}") from error


def render(source: str, values: Mapping[str, Value], *, label: str) -> str:
    """The text with its values, which are inserted as they are and never read as a template. Raises Invalid."""
    try:
        template, uses = _compiled(source)
        if template is None:
            return source
        budget = [MAX_LOOPS]
        context = {name: _given(values[name], name in uses.looped, budget) for name in uses.names}
        size, chunks = 0, []
        for chunk in template.generate(context):
            size += len(chunk)
            if size > MAX_OUTPUT:
                raise grammar.Refused(1, f"it grows beyond {MAX_OUTPUT:,} characters. Give it less material.")
            chunks.append(chunk)
        return "".join(chunks)
    except (grammar.Refused, TemplateError, TypeError) as error:
        reason = str(error) if isinstance(error, grammar.Refused) else "it compares or counts what cannot be."
        raise Invalid(f"{label} cannot be filled in: {reason}") from error


class _Items(list[str]):
    """A list whose turns are counted, over all loops of one rendering."""

    def __init__(self, items: list[str], budget: list[int]) -> None:
        super().__init__(items)
        self._budget = budget

    def __iter__(self) -> Iterator[str]:
        for item in super().__iter__():
            self._budget[0] -= 1
            if self._budget[0] < 0:
                raise grammar.Refused(1, f"its loops turn more than {MAX_LOOPS:,} times. Give it fewer items.")
            yield item


def _given(value: Value, is_looped: bool, budget: list[int]) -> Value:
    if isinstance(value, str):
        if not is_looped:
            return value
        value = [line.strip() for line in value.splitlines() if line.strip()]
    return _Items(value, budget)


def _finalize(value: Any) -> Any:
    return bulleted(list(value)) if isinstance(value, list) else value


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=_finalize, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )
    environment.globals = {}
    environment.filters = {name: environment.filters[name] for name in grammar.FILTERS}
    environment.filters |= {name: _of_text(environment.filters[name]) for name in grammar.TEXT_FILTERS}
    return environment


def _of_text(text_filter: Callable[..., str]) -> Callable[..., str]:
    """A list reads as its lines here too, not as Python writes it."""
    return lambda value, *args, **named: text_filter(_finalize(value), *args, **named)


_ENVIRONMENT = _environment()


@functools.lru_cache(maxsize=1024)
def _compiled(source: str) -> tuple[Template | None, Uses]:
    """None instead of a template for a text without placeholders. Raises grammar.Refused."""
    if len(source) > MAX_SOURCE:
        raise grammar.Refused(1, f"a prompt's text takes at most {MAX_SOURCE:,} characters; this has {len(source):,}.")
    if not any(mark in source for mark in ("{{", "{%", "{#")):
        return None, Uses((), frozenset(), frozenset())
    try:
        tree = _ENVIRONMENT.parse(source)
        reader = grammar.Reader()
        reader.read(tree, frozenset(), is_test=False)
        uses = Uses(tuple(reader.names), frozenset(reader.tested), frozenset(reader.looped))
        return _ENVIRONMENT.from_string(source), uses
    except TemplateSyntaxError as error:
        said = (error.message or "it cannot be read").rstrip(".")
        reason = next((words for sign, words in _UNCLOSED if sign in said), said)
        raise grammar.Refused(error.lineno, f"{reason}. {grammar.ONLY}") from error
    except (RecursionError, MemoryError, SyntaxError, ValueError) as error:
        raise grammar.Refused(1, f"it is nested too deeply, or a number in it is too large. {grammar.ONLY}") from error
