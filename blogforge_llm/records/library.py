"""A library of prompts as its file holds it, by names instead of ids, and what importing one did."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
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
    needs_choice: bool = False


@dataclass(frozen=True, slots=True)
class Library:
    name: str
    description: str
    parts: tuple[LibraryPart, ...]
    templates: tuple[LibraryTemplate, ...]
    actions: tuple[LibraryAction, ...]


class Choice(StrEnum):
    """What to do where an entry would go over what somebody did here."""

    KEEP = "keep"  # leave what is here
    REPLACE = "replace"  # a new version with the library's words
    RENAME = "rename"  # take it in beside it, under another name


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that something here stands in the way of, and what was chosen."""

    label: str
    reason: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The names of what was created, updated and so on; `kept`, `replaced` and `renamed` were `conflicts`. What is
    `proposed` waits for a second person. Of a dry run: what would be."""

    name: str
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    proposed: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    is_dry_run: bool = False
