"""Parts, templates, their versions, and what a template resolves to. The rules are in services/prompts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PartKind(StrEnum):
    SYSTEM = "system"  # ground rules
    PERSONA = "persona"  # who the model is
    STYLE = "style"  # voice
    TASK = "task"  # what to do
    DATA = "data"  # a variable, fenced: material, never instructions
    FORMAT = "format"  # the shape of the answer
    EXAMPLE = "example"  # a specimen


class MessageRole(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class OfferedPart:
    """A living part to choose: `content` is its beginning."""

    id: int
    name: str
    kind: PartKind
    tags: list[str]
    content: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part with the text of its published version. `used_by` counts the templates that speak it now;
    `waiting_version` is the newest version, while nobody has published or declined it."""

    id: int
    name: str
    kind: PartKind
    description: str
    notes: str
    tags: list[str]
    position: int
    version_id: int
    version: int
    role: MessageRole
    content: str
    variable: str | None
    label: str | None
    fence: str | None
    latest_version: int
    waiting_version: int | None
    used_by: int
    library_hash: bytes | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartVersion:
    id: int
    part_id: int
    number: int
    role: MessageRole
    content: str
    variable: str | None
    label: str | None
    fence: str | None
    note: str
    created_by: int | None
    created_by_name: str | None
    created_at: datetime
    is_published: bool
    published_at: datetime | None  # first put to use
    published_by: int | None
    published_by_name: str | None
    declined_at: datetime | None


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a template. A part's block has `part_id`, its role None unless it overrides the part's; an inline
    one has role and content."""

    part_id: int | None = None
    role: MessageRole | None = None
    content: str | None = None
    is_optional: bool = False
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """A block with the words it speaks today: a part's published version, or its own. What the resolver assembles."""

    source: str  # the part's name, or "Message 3"
    kind: PartKind | None
    role: MessageRole
    content: str
    variable: str | None = None
    label: str | None = None
    fence: str | None = None
    part_id: int | None = None
    part_version_id: int | None = None
    is_optional: bool = False
    is_enabled: bool = True
    is_archived: bool = False
    has_role: bool = False  # the block's role stands over the part's


@dataclass(frozen=True, slots=True)
class Template:
    """`used_by` counts the actions that ask with it. With `needs_approval` nobody publishes what they wrote."""

    id: int
    name: str
    description: str
    needs_approval: bool
    version_id: int
    version: int
    latest_version: int
    waiting_version: int | None
    used_by: int
    library_hash: bytes | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    id: int
    template_id: int
    number: int
    note: str
    created_by: int | None
    created_by_name: str | None
    created_at: datetime
    is_published: bool
    published_at: datetime | None  # first put to use
    published_by: int | None
    published_by_name: str | None
    declined_at: datetime | None
    blocks: tuple[Block, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Variable:
    """What a template asks for. `sources` are the parts and messages that use it."""

    name: str
    label: str
    is_required: bool
    sources: list[str]


@dataclass(frozen=True, slots=True)
class Usage:
    """What stands in the way of archiving: a template that uses a part, an action that asks with a template."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version that waits. `guarding` are the templates because of which somebody else must publish it."""

    noun: str  # part, or template
    id: int
    name: str
    number: int
    note: str
    created_by: int | None
    created_by_name: str | None
    created_at: datetime
    guarding: list[str]
