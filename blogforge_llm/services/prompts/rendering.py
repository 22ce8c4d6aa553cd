"""The language of prompts: {{ name }}, {% for item in name %} and {% if name %}, in Jinja's sandbox. Anything else is
refused when it is saved, so that no prompt can call, compute or grow without bound. What blocks say is resolver.py.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from blogforge_llm.errors import Invalid

MAX_SOURCE = 100_000  # characters of one part or message
MAX_OUTPUT = 1_000_000  # characters of what it may grow to
MAX_LOOPS = 20_000  # turns of all loops of one text
MAX_ITEMS = 2_000  # of one list

Value = str | list[str]

_FILTERS = {"join", "first", "last", "length", "count", "upper", "lower", "title", "capitalize", "trim"}
_LIST_FILTERS = {"join", "first", "last"}  # what they are given is read as a list
_TEXT_FILTERS = {"upper", "lower", "title", "capitalize", "trim"}  # what they are given is read as a text
_ARGUMENTS = {"join": "d", "trim": "chars"}  # Jinja's name of the one text they may be given; the others take none
_LOOP_FACTS = {"index", "index0", "revindex", "revindex0", "first", "last", "length"}
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_RESERVED = frozenset(  # words of the language, and what Jinja brings in by itself
    [
        "self",
        "super",
        "caller",
        "loop",
        "true",
        "false",
        "none",
        "True",
        "False",
        "None",
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "elif",
        "else",
        "endif",
        "for",
        "endfor",
    ]
)
_UNCLOSED = (  # what Jinja says, and what its writer needs to hear
    ("end of print statement", "a {{ is not closed by }}"),
    ("end of statement block", "a {% is not closed by %}"),
    ("Unexpected end of template", "an {% if %} or {% for %} is not closed by its {% endif %} or {% endfor %}"),
    ("got 'end of template'", "a {{ or {% is not closed"),
    ("Missing end of comment", "a {# is not closed by #}"),
)
_ONLY = "Prompts know {{ name }}, {% for item in name %} and {% if name %}."


@dataclass(frozen=True, slots=True)
class Uses:
    """The variables of a text in the order they appear. `tested` ones stand in an if, so they may be empty;
    `looped` ones are read as lists."""

    names: tuple[str, ...]
    tested: frozenset[str]
    looped: frozenset[str]


class Refused(Exception):
    """The text cannot be a prompt; `line` is where."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def is_name(text: str) -> bool:
    """Whether a variable may be called so."""
    return _NAME.fullmatch(text) is not None and text not in _RESERVED


def bulleted(value: Value) -> str:
    """A list as lines that begin with a dash; a text as it is."""
    if isinstance(value, str):
        return value
    return "\n".join("- " + item.strip().replace("\n", "\n  ") for item in value if item.strip())


def check(source: str, *, name: str, label: str) -> Uses:
    """The variables of a text. Raises Invalid for the field `name`, with label and line, for what is not a prompt."""
    try:
        return _compiled(source)[1]
    except Refused as error:
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
                raise Refused(1, f"it grows beyond {MAX_OUTPUT:,} characters. Give it less material.")
            chunks.append(chunk)
        return "".join(chunks)
    except (Refused, TemplateError, TypeError) as error:
        reason = str(error) if isinstance(error, Refused) else "it compares or counts what cannot be."
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
                raise Refused(1, f"its loops turn more than {MAX_LOOPS:,} times. Give it fewer items.")
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
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters |= {name: _of_text(environment.filters[name]) for name in _TEXT_FILTERS}
    return environment


def _of_text(text_filter: Callable[..., str]) -> Callable[..., str]:
    """A list reads as its lines here too, not as Python writes it."""
    return lambda value, *args, **named: text_filter(_finalize(value), *args, **named)


_ENVIRONMENT = _environment()


@functools.lru_cache(maxsize=1024)
def _compiled(source: str) -> tuple[Template | None, Uses]:
    """None instead of a template for a text without placeholders. Raises Refused."""
    if len(source) > MAX_SOURCE:
        raise Refused(1, f"a prompt's text takes at most {MAX_SOURCE:,} characters; this has {len(source):,}.")
    if not any(mark in source for mark in ("{{", "{%", "{#")):
        return None, Uses((), frozenset(), frozenset())
    try:
        tree = _ENVIRONMENT.parse(source)
        reader = _Reader()
        reader.read(tree, frozenset(), is_test=False)
        uses = Uses(tuple(reader.names), frozenset(reader.tested), frozenset(reader.looped))
        return _ENVIRONMENT.from_string(source), uses
    except TemplateSyntaxError as error:
        said = (error.message or "it cannot be read").rstrip(".")
        reason = next((words for sign, words in _UNCLOSED if sign in said), said)
        raise Refused(error.lineno, f"{reason}. {_ONLY}") from error
    except (RecursionError, MemoryError, SyntaxError, ValueError) as error:
        raise Refused(1, f"it is nested too deeply, or a number in it is too large. {_ONLY}") from error


@dataclass(slots=True)
class _Reader:
    """Walks a parsed text, collects its variables and refuses what is not on the list above."""

    names: dict[str, None] = field(default_factory=dict)
    tested: set[str] = field(default_factory=set)
    looped: set[str] = field(default_factory=set)

    def read(self, node: nodes.Node, local: frozenset[str], *, is_test: bool) -> None:
        readers: dict[type[nodes.Node], Callable[..., None]] = {
            nodes.Name: self._name, nodes.For: self._for, nodes.Getattr: self._loop_fact, nodes.Filter: self._filter,
        }  # fmt: skip
        reader = readers.get(type(node))
        if reader is not None:
            reader(node, local, is_test)
        elif isinstance(node, _PLAIN):
            if isinstance(node, nodes.Compare):
                _require_comparable(node)
            for child in node.iter_child_nodes():
                is_condition = isinstance(node, nodes.If | nodes.CondExpr) and child is node.test
                self.read(child, local, is_test=is_test or is_condition)
        else:
            raise Refused(node.lineno, f"“{_word(node)}” is not possible in a prompt. {_ONLY}")

    def _name(self, node: nodes.Name, local: frozenset[str], is_test: bool) -> None:
        if node.name in local:
            return
        if node.name == "loop" or not is_name(node.name):
            raise _misnamed(node)
        self.names[node.name] = None
        if is_test:
            self.tested.add(node.name)

    def _for(self, node: nodes.For, local: frozenset[str], is_test: bool) -> None:
        if not isinstance(node.iter, nodes.Name) or not isinstance(node.target, nodes.Name) or node.recursive:
            raise Refused(node.lineno, "a loop reads {% for item in name %}, over one variable.")
        if node.iter.name in local:
            raise Refused(node.lineno, f"“{node.iter.name}” is one item, which has no items of its own.")
        if not is_name(node.target.name):
            raise _misnamed(node.target)
        self.read(node.iter, local, is_test=False)
        self.looped.add(node.iter.name)
        inside = local | {node.target.name}
        for child in [*node.body, *([node.test] if node.test else [])]:
            self.read(child, inside | {"loop."}, is_test=False)
        for child in node.else_:
            self.read(child, local, is_test=False)

    def _loop_fact(self, node: nodes.Getattr, local: frozenset[str], is_test: bool) -> None:
        is_loop = isinstance(node.node, nodes.Name) and node.node.name == "loop" and "loop." in local
        if not is_loop or node.attr not in _LOOP_FACTS:
            raise Refused(node.lineno, f"“.{node.attr}” is not possible: variables are texts and lists without parts.")

    def _filter(self, node: nodes.Filter, local: frozenset[str], is_test: bool) -> None:
        if node.name not in _FILTERS or node.node is None:
            known = ", ".join(sorted(_FILTERS))
            raise Refused(node.lineno, f"the filter “{node.name}” is not possible. There are {known}.")
        if not _takes(node):
            takes = "one short text in quotation marks" if node.name in _ARGUMENTS else "nothing in brackets"
            raise Refused(node.lineno, f"the filter “{node.name}” takes {takes}.")
        if node.name not in _TEXT_FILTERS and _is_number(node.node) is True:
            raise Refused(node.lineno, f"the filter “{node.name}” reads a list or a text, not a number.")
        self.read(node.node, local, is_test=is_test)
        if node.name in _LIST_FILTERS and isinstance(node.node, nodes.Name) and node.node.name not in local:
            self.looped.add(node.node.name)


def _misnamed(node: nodes.Name) -> Refused:
    if node.name in _RESERVED:
        return Refused(node.lineno, f"“{node.name}” is a word of this language and cannot name a variable.")
    return Refused(node.lineno, f"“{node.name}” cannot name a variable: use a letter, then letters, digits and _.")


def _takes(node: nodes.Filter) -> bool:
    """Whether the filter can be called with what stands in its brackets."""
    if node.dyn_args or node.dyn_kwargs:
        return False
    arguments = [*node.args, *(pair.value for pair in node.kwargs)]
    if not arguments:
        return True
    text = arguments[0].value if isinstance(arguments[0], nodes.Const) else None
    named = {pair.key for pair in node.kwargs} <= {_ARGUMENTS.get(node.name)}
    return len(arguments) == 1 and named and node.name in _ARGUMENTS and isinstance(text, str) and len(text) <= 100


def _require_comparable(node: nodes.Compare) -> None:
    """Greater and less need two numbers or two texts, in needs something to look into: Jinja would tell when it is
    filled in, which is too late. Raises Refused."""
    left = node.expr
    for operand in node.ops:
        sides = {_is_number(left), _is_number(operand.expr)}
        if operand.op in ("gt", "gteq", "lt", "lteq") and sides == {True, False}:
            raise Refused(node.lineno, "a text cannot be more or less than a number; compare its length.")
        if operand.op in ("in", "notin") and True in sides:
            raise Refused(node.lineno, "a number is not in anything, nor anything in a number.")
        left = operand.expr


def _is_number(node: nodes.Node) -> bool | None:
    """None where it depends on the values."""
    if isinstance(node, nodes.Const):
        return not isinstance(node.value, str)
    if isinstance(node, nodes.Filter):
        return node.name in ("length", "count")
    if isinstance(node, nodes.Getattr | nodes.Compare | nodes.Not):
        return True
    return False if isinstance(node, nodes.Name) else None


def _word(node: nodes.Node) -> str:
    words = {
        "Call": "( )",
        "Assign": "set",
        "AssignBlock": "set",
        "Getitem": "[ ]",
        "Concat": "~",
        "Mul": "*",
        "Add": "+",
    }
    return words.get(type(node).__name__, type(node).__name__.lower())
