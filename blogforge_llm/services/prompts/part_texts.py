"""What a part and its words must satisfy before they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blogforge_llm.errors import Invalid
from blogforge_llm.records.prompts import MessageRole, Part, PartKind, PartVersion, Piece
from blogforge_llm.services import texts
from blogforge_llm.services.prompts import grammar, rendering

DEFAULT_POSITION = 50

_FENCE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class PartText:
    """The words of a version, checked."""

    role: MessageRole
    content: str
    variable: str | None
    label: str | None
    fence: str | None


def of(version: Part | PartVersion) -> PartText:
    return PartText(version.role, version.content, version.variable, version.label, version.fence)


def piece(part: Part, words: PartText) -> Piece:
    """The part as a block would say it with these words."""
    return Piece(part.name, part.kind, words.role, words.content, words.variable, words.label, words.fence, part.id)


def told(version: Part | PartVersion) -> str:
    """Words and what goes with them, for comparing versions."""
    facts = [f"Role: {version.role}"]
    if version.variable:
        facts.append(f"Variable: {version.variable} · {version.label} · <{version.fence}>")
    return "\n".join([*facts, "", version.content])


def check(
    *, kind: PartKind, role: str, content: str, variable: str | None, label: str | None, fence: str | None,
    error: type[Invalid] = Invalid,
) -> PartText:  # fmt: skip
    """Raises Invalid naming the field, and the line for a mistake in the text; `error` for what only does not go with
    the kind."""
    checked_role = role_of(role)
    content = texts.clean(content, name="content", label="The text", max_length=rendering.MAX_SOURCE).strip()
    uses = rendering.check(content, name="content", label="The text")
    if kind is not PartKind.DATA:
        if not content:
            raise error.field("content", "The text is missing.")
        return PartText(checked_role, content, None, None, None)
    name = _variable(variable, uses, error)
    if name in uses.looped:
        raise Invalid.field("content", f"A data part brings `{name}` in whole; take the loop or filter over it out.")
    label = texts.clean(label or "", name="label", label="Label", max_length=100).strip()
    return PartText(checked_role, content, name, label or name.replace("_", " ").capitalize(), _fence(fence, name))


def about(
    *, name: str, kind: str, description: str, tags: Sequence[str], position: int, notes: str = ""
) -> dict[str, Any]:
    """What is known about a part besides its words, checked. Raises Invalid naming the field."""
    if not 0 <= position <= 1000:
        raise Invalid.field("position", "The usual position is a number from 0 to 1000.")
    return {
        "name": texts.line(name, name="name", label="Name"),
        "kind": kind_of(kind),
        "description": texts.clean(description, name="description", label="Description", max_length=2000).strip(),
        "notes": texts.clean(notes, name="notes", label="Notes", max_length=10_000).strip(),
        "tags": _tags(tags),
        "position": position,
    }


def kind_of(kind: str) -> PartKind:
    try:
        return PartKind(kind)
    except ValueError as error:
        raise Invalid.field("kind", f"A part's kind is one of {', '.join(PartKind)}.") from error


def role_of(role: str, *, name: str = "role") -> MessageRole:
    try:
        return MessageRole(role)
    except ValueError as error:
        raise Invalid.field(name, f"A role is one of {', '.join(MessageRole)}.") from error


def _tags(tags: Sequence[str]) -> list[str]:
    """Trimmed, without doubles, at most twenty."""
    kept = list(dict.fromkeys(texts.line(t, name="tags", label="A tag", max_length=50) for t in tags if t.strip()))
    if len(kept) > 20:
        raise Invalid.field("tags", "A part takes at most 20 tags.")
    return kept


def _variable(variable: str | None, uses: rendering.Uses, error: type[Invalid]) -> str:
    name = (variable or "").strip() or (uses.names[0] if len(uses.names) == 1 else "")
    if not name:
        raise error.field("variable", "A data part names the variable whose text it brings in, such as basic_idea.")
    if not grammar.is_name(name):
        says = "A variable's name is a letter, then letters, digits and _, at most 64, and no word such as if or self."
        raise Invalid.field("variable", says)
    return name


def _fence(fence: str | None, variable: str) -> str:
    fence = (fence or "").strip() or variable
    if not _FENCE.fullmatch(fence):
        raise Invalid.field("fence", "A fence's name is a letter, then letters, digits, - and _, at most 64.")
    return fence
