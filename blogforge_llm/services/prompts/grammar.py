"""What a prompt may say: which names, filters, loops and comparisons. Read from Jinja's syntax tree before a text is
saved; filling it in is rendering.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from jinja2 import nodes

FILTERS = {"join", "first", "last", "length", "count", "upper", "lower", "title", "capitalize", "trim"}
_LIST_FILTERS = {"join", "first", "last"}  # what they are given is read as a list
TEXT_FILTERS = {"upper", "lower", "title", "capitalize", "trim"}  # what they are given is read as a text
_ARGUMENTS = {"join": "d", "trim": "chars"}  # Jinja's name of the one text they may be given; the others take none
_LOOP_FACTS = {"index", "index0", "revindex", "revindex0", "first", "last", "length"}
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
RESERVED = {  # words of the language, and what Jinja brings in by itself
    "self", "super", "caller", "loop", "true", "false", "none", "True", "False", "None",
    "and", "or", "not", "in", "is", "if", "elif", "else", "endif", "for", "endfor",
}  # fmt: skip
ONLY = "Prompts know {{ name }}, {% for item in name %} and {% if name %}."


class Refused(Exception):
    """The text cannot be a prompt; `line` is where."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def is_name(text: str) -> bool:
    """Whether a variable may be called so."""
    return _NAME.fullmatch(text) is not None and text not in RESERVED


@dataclass(slots=True)
class Reader:
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
            raise Refused(node.lineno, f"“{_word(node)}” is not possible in a prompt. {ONLY}")

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
        if node.name not in FILTERS or node.node is None:
            known = ", ".join(sorted(FILTERS))
            raise Refused(node.lineno, f"the filter “{node.name}” is not possible. There are {known}.")
        if not _takes(node):
            takes = "one short text in quotation marks" if node.name in _ARGUMENTS else "nothing in brackets"
            raise Refused(node.lineno, f"the filter “{node.name}” takes {takes}.")
        if node.name not in TEXT_FILTERS and _is_number(node.node) is True:
            raise Refused(node.lineno, f"the filter “{node.name}” reads a list or a text, not a number.")
        self.read(node.node, local, is_test=is_test)
        if node.name in _LIST_FILTERS and isinstance(node.node, nodes.Name) and node.node.name not in local:
            self.looped.add(node.node.name)


def _misnamed(node: nodes.Name) -> Refused:
    if node.name in RESERVED:
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
