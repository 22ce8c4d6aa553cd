"""A library of prompts as its file holds it, by names instead of ids, and what importing one did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from blogforge_llm.records.prompts import MessageRole, PartKind


@dataclass(frozen=True, slots=True)
class LibraryPart:
    name: str
    kind: PartKind
    role: MessageRole
    content: str
    description: str
    tags: list[str]
    position: int
    variable: str | None = None
    label: str | None = None
    fence: str | None = None


@dataclass(frozen=True, slots=True)
class LibraryBlock:
    """`part` is a part's name; without one it is a message of its own."""

    part: str | None
    role: MessageRole | None
    content: str | None
    is_optional: bool = False
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class LibraryTemplate:
    name: str
    description: str
    blocks: tuple[LibraryBlock, ...]


@dataclass(frozen=True, slots=True)
class LibraryAction:
    """`field` is a field's key, `template` a template's name."""

    field: str
    name: str
    template: str
    parameters: dict[str, Any]
    contract: dict[str, Any]
    is_default: bool


@dataclass(frozen=True, slots=True)
class Library:
    name: str
    description: str
    parts: tuple[LibraryPart, ...]
    templates: tuple[LibraryTemplate, ...]
    actions: tuple[LibraryAction, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The names of what was created, updated and left as it was; `kept` was edited or archived here and not touched."""

    name: str
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
