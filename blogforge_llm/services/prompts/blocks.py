"""What the blocks of a template must satisfy before they become a version."""

from __future__ import annotations

from collections.abc import Sequence

from blogforge_llm.errors import Invalid, Unfit
from blogforge_llm.records.prompts import Block, MessageRole, Piece
from blogforge_llm.services import texts
from blogforge_llm.services.prompts import part_texts, rendering

MAX_BLOCKS = 100


def check(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Cleaned, in order. Raises Invalid naming the block, and the line for a mistake in its text."""
    if not blocks:
        raise Invalid.field("blocks", "Add at least one block: a part, or a message of its own.")
    if len(blocks) > MAX_BLOCKS:
        raise Invalid.field("blocks", f"A template takes at most {MAX_BLOCKS} blocks; this has {len(blocks)}.")
    return tuple(_checked(number, block) for number, block in enumerate(blocks))


def require_message(pieces: Sequence[Piece]) -> None:
    """Raises Invalid when nothing would be said to the model: system text alone is no question. Whether a part is more
    than that, its own words say: then it is Unfit."""
    if not any(piece.is_enabled and piece.role is MessageRole.USER for piece in pieces):
        kind = Unfit if any(piece.part_id for piece in pieces) else Invalid
        raise kind.field("blocks", "System text alone asks nothing: add a block with the role user.")


def _checked(number: int, block: Block) -> Block:
    place, label = f"blocks.{number}", f"Block {number + 1}"
    if (block.part_id is None) == (block.content is None):
        raise Invalid.field(place, f"{label} must be either a part or a message with role and content.")
    role = None if block.role is None else part_texts.role_of(block.role, name=f"{place}.role")
    if block.content is None:
        return Block(block.part_id, role, None, block.is_optional, block.is_enabled)
    if role is None:
        raise Invalid.field(f"{place}.role", f"{label} needs a role: {', '.join(MessageRole)}.")
    name = f"{place}.content"
    content = texts.clean(block.content, name=name, label=label, max_length=rendering.MAX_SOURCE).strip()
    if not content:
        raise Invalid.field(name, f"{label} is empty. Write its message, or remove it.")
    rendering.check(content, name=name, label=label)
    return Block(None, role, content, block.is_optional, block.is_enabled)
