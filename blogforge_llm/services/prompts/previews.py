"""What a prompt would say, with its size; made by the resolver itself, so that it is what would be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.prompts import Block, Piece, Variable
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import blocks as block_rules
from blogforge_llm.services.prompts import resolver, templates
from blogforge_llm.services.prompts.rendering import Value
from blogforge_llm.services.prompts.resolver import Resolved


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    role: str
    content: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Preview:
    """`placeholders` names the variables that stand for themselves, having no value yet; `problem` says why there are
    no messages. Tokens are estimated."""

    messages: list[PreviewMessage]
    variables: list[Variable]
    tokens: int
    omitted: list[str]
    template_version_id: int | None = None
    placeholders: tuple[str, ...] = ()
    problem: str | None = None


def of_template(
    conn: db.Connection, *, template_id: int, inputs: Mapping[str, Any], version: int | None = None
) -> Preview:
    """Exactly what a task would send. Raises what resolve raises."""
    version_id = None
    if version is not None:
        version_id = templates.get_version(conn, template_id=template_id, number=version).id
    return _preview(resolver.resolve(conn, template_id=template_id, template_version_id=version_id, inputs=inputs))


def of_version(conn: db.Connection, *, template_version_id: int, inputs: Mapping[str, Value]) -> Preview:
    """For somebody who looks at a template: what has no value yet stands there as its placeholder, and a mistake is
    told instead of raised."""
    return _sketch(resolver.list_pieces(conn, template_version_id), inputs)


def of_blocks(conn: db.Connection, *, actor: User, blocks: Sequence[Block], inputs: Mapping[str, str]) -> Preview:
    """The same for blocks that are being written."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    if not blocks:
        return Preview([], [], 0, [])
    try:
        pieces = resolver.pieces_of(conn, block_rules.check(blocks))
    except Invalid as error:
        return Preview([], [], 0, [], problem=str(error))
    return _sketch(pieces, inputs)


def _sketch(pieces: Sequence[Piece], inputs: Mapping[str, Value]) -> Preview:
    variables = resolver.variables_of(pieces)
    given = {variable.name: inputs.get(variable.name, "") for variable in variables}
    empty = tuple(v.name for v in variables if v.is_required and resolver.is_empty(given[v.name]))
    try:
        return _preview(resolver.assemble(pieces, given | {name: f"{{{{ {name} }}}}" for name in empty}), empty)
    except Invalid as error:
        return Preview([], variables, 0, [], problem=str(error))


def _preview(resolved: Resolved, placeholders: tuple[str, ...] = ()) -> Preview:
    messages = [PreviewMessage(m.role, m.text, pricing.estimate_prompt([m])) for m in resolved.messages]
    return Preview(
        messages, resolved.variables, sum(message.tokens for message in messages), resolved.omitted,
        resolved.template_version_id, placeholders,
    )  # fmt: skip
