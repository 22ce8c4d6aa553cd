"""The one way from a template to messages: preview, run, copy and log all come through here. The language of the texts
is rendering.py; saving them is parts.py and templates.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine.types import Message
from blogforge_llm.errors import Conflict, Invalid, Missing, NotFound, Unfit
from blogforge_llm.records.prompts import Block, MessageRole, PartKind, Piece, Variable
from blogforge_llm.services import texts
from blogforge_llm.services.prompts import fences, rendering
from blogforge_llm.services.prompts.rendering import Value

MAX_VALUE = 1_000_000  # characters of one input

sql = db.load("prompts/resolver")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Exactly what is sent, and where it came from. `omitted` names the optional blocks left out."""

    messages: tuple[Message, ...]
    template_id: int | None
    template_version_id: int | None
    part_version_ids: list[int]
    variables: list[Variable]
    omitted: list[str]


def resolve(
    conn: db.Connection,
    *,
    template_id: int | None = None,
    template_version_id: int | None = None,
    inputs: Mapping[str, Any],
) -> Resolved:
    """The messages of a template's published version, or of one version. Raises NotFound, Conflict for an archived
    template, and Invalid naming every variable that is missing or unknown."""
    if template_version_id is None:
        template_version_id = published(conn, template_id)
    found = sql.get_template_of(conn, template_version_id=template_version_id)
    if found is None or template_id not in (None, found):
        raise NotFound("There is no such version of a template.")
    return resolve_pieces(
        list_pieces(conn, template_version_id), inputs, template_id=found, template_version_id=template_version_id
    )


def resolve_pieces(
    pieces: Sequence[Piece], inputs: Mapping[str, Any], *, template_id: int, template_version_id: int
) -> Resolved:
    """The same for a version whose pieces were read already."""
    return replace(assemble(pieces, inputs), template_id=template_id, template_version_id=template_version_id)


def variables(conn: db.Connection, template_version_id: int) -> list[Variable]:
    """What this version asks for, in the order of its text."""
    return variables_of(list_pieces(conn, template_version_id))


def list_pieces(conn: db.Connection, template_version_id: int) -> list[Piece]:
    """Its blocks with the words they speak today."""
    return list_pieces_of(conn, [template_version_id])[template_version_id]


def list_pieces_of(conn: db.Connection, template_version_ids: Sequence[int]) -> dict[int, list[Piece]]:
    """The same for several versions at once."""
    pieces: dict[int, list[Piece]] = {version_id: [] for version_id in template_version_ids}
    for row in sql.list_version_pieces(conn, template_version_ids=list(template_version_ids)):
        pieces[row.pop("template_version_id")].append(_piece(row))
    return pieces


def outline(pieces: Iterable[Piece]) -> str:
    """Blocks as a person would list them: parts by name, messages in full. For comparing versions."""
    lines = []
    for piece in pieces:
        marks = [str(piece.role), *(["optional"] if piece.is_optional else []), *([] if piece.is_enabled else ["off"])]
        lines.append(f"[{', '.join(marks)}] {piece.source if piece.part_id is not None else piece.content}")
    return "\n".join(lines)


def pieces_of(conn: db.Connection, blocks: Sequence[Block]) -> list[Piece]:
    """The same for blocks that are not saved. Raises Invalid naming the block whose part is not there."""
    ids = [block.part_id for block in blocks if block.part_id is not None]
    parts = {row["part_id"]: row for row in sql.list_part_pieces(conn, part_ids=ids)}
    pieces = []
    for number, block in enumerate(blocks):
        flags = {"is_optional": block.is_optional, "is_enabled": block.is_enabled}
        if block.part_id is None:
            words = {"role": block.role, "content": block.content, "kind": None}
            pieces.append(_piece({**words, **flags, "source": f"Message {number + 1}"}))
        elif block.part_id in parts:
            row = parts[block.part_id]
            role = block.role or row["role"]
            pieces.append(_piece({**row, **flags, "role": role, "has_role": block.role is not None}))
        else:
            raise Missing.field(f"blocks.{number}.part_id", f"Block {number + 1}: there is no part {block.part_id}.")
    return pieces


def variables_of(pieces: Iterable[Piece]) -> list[Variable]:
    """What these ask for: required, unless every block that needs it is optional or tests it with an if."""
    found: dict[str, Variable] = {}
    for piece in pieces:
        if not piece.is_enabled:
            continue
        needed = needed_by(piece)
        for name in names_of(piece):
            known = found.get(name) or Variable(name, name.replace("_", " ").capitalize(), False, [])
            label = piece.label if piece.variable == name and piece.label else known.label
            is_required = known.is_required or (name in needed and not piece.is_optional)
            sources = [*known.sources, *([] if piece.source in known.sources else [piece.source])]
            found[name] = Variable(name, label, is_required, sources)
    return list(found.values())


def said(piece: Piece) -> str:
    """What one piece says, every variable standing for itself."""
    return _text(piece, {name: f"{{{{ {name} }}}}" for name in names_of(piece)}).strip()


def assemble(pieces: Iterable[Piece], inputs: Mapping[str, Any]) -> Resolved:
    """The pure part: pieces and inputs to messages. Neighbours of one role become one message."""
    pieces = [piece for piece in pieces if piece.is_enabled]
    wanted = variables_of(pieces)
    values = _values(wanted, inputs)
    spoken: list[tuple[str, str]] = []
    omitted: list[str] = []
    for piece in pieces:
        if piece.is_optional and any(is_empty(values[name]) for name in needed_by(piece)):
            omitted.append(piece.source)
        elif text := _text(piece, values).strip():
            spoken.append((piece.role, text))
    messages = _joined(spoken)
    if not any(message.role == MessageRole.USER for message in messages):
        raise Unfit.field("blocks", "The template says nothing to the model: add a block with the role user.")
    if sum(len(message.text) for message in messages) > rendering.MAX_OUTPUT:
        raise Invalid(f"The prompt grows beyond {rendering.MAX_OUTPUT:,} characters. Give it less material.")
    ids = [piece.part_version_id for piece in pieces if piece.part_version_id is not None]
    return Resolved(messages, None, None, ids, wanted, omitted)


def published(conn: db.Connection, template_id: int | None) -> int:
    """The version in use. Raises NotFound, or Conflict for an archived template."""
    row = None if template_id is None else sql.get_published(conn, template_id=template_id)
    if row is None:
        raise NotFound("There is no such template.")
    if row["archived_at"] is not None:
        raise Conflict(f"The template “{row['name']}” is archived. Bring it back, or use another one.")
    version_id: int = row["published_version_id"]
    return version_id


def _piece(row: dict[str, Any]) -> Piece:
    kind = PartKind(row["kind"]) if row["kind"] else None
    return Piece(**{**row, "kind": kind, "role": MessageRole(row["role"])})


def names_of(piece: Piece) -> list[str]:
    """The variables in its text and of its data."""
    names = list(rendering.check(piece.content, name="content", label=f"“{piece.source}”").names)
    return names if piece.variable is None or piece.variable in names else [*names, piece.variable]


def needed_by(piece: Piece) -> set[str]:
    """The names without which the piece has nothing to say."""
    uses = rendering.check(piece.content, name="content", label=f"“{piece.source}”")
    return (set(uses.names) - uses.tested) | ({piece.variable} if piece.variable else set())


def _values(wanted: list[Variable], inputs: Mapping[str, Any]) -> dict[str, Value]:
    """Every wanted name with its value. Raises Invalid naming all that are missing or unknown."""
    values: dict[str, Value] = {name: _value(name, value) for name, value in inputs.items()}
    names = [variable.name for variable in wanted]
    missing = [v.name for v in wanted if v.is_required and is_empty(values.get(v.name, ""))]
    unknown = [name for name in values if name not in names]
    errors = {f"inputs.{name}": "The template needs it, and it is empty." for name in missing}
    errors |= {f"inputs.{name}": "The template has no such variable." for name in unknown}
    sentences = []
    if missing:
        sentences.append(f"The template needs {_listed(missing)}, which {'is' if len(missing) == 1 else 'are'} empty.")
    if unknown:
        takes = f"It takes {_listed(names)}." if names else "It takes none."
        sentences.append(f"The template has no variable {_listed(unknown)}. {takes}")
    if errors:
        raise Invalid(" ".join(sentences), errors)
    return {name: values.get(name, "") for name in names}


def _value(name: str, value: Any) -> Value:
    """A text or a list of texts that can be stored. Raises Invalid naming the variable."""
    field, label = f"inputs.{name[:100]}", f"`{name[:100]}`"
    if value is None:
        return ""
    if isinstance(value, str):
        return texts.clean(value, name=field, label=label, max_length=MAX_VALUE)
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise Invalid.field(field, f"{label} must be a text or a list of texts.")
    if len(value) > rendering.MAX_ITEMS:
        raise Invalid.field(field, f"{label} takes at most {rendering.MAX_ITEMS:,} items; this has {len(value):,}.")
    items = [texts.clean(item, name=field, label=label, max_length=MAX_VALUE) for item in value]
    if sum(map(len, items)) > MAX_VALUE:
        raise Invalid.field(field, f"{label} takes at most {MAX_VALUE:,} characters in all.")
    return items


def is_empty(value: Value) -> bool:
    """Whether it says nothing: blanks only, or a list of nothing else."""
    return not (value.strip() if isinstance(value, str) else any(item.strip() for item in value))


def _text(piece: Piece, values: Mapping[str, Value]) -> str:
    """What a piece says. A data part brings its value in fenced, at its placeholder or after its words."""
    label = f"“{piece.source}”"
    if piece.variable is None:
        return rendering.render(piece.content, values, label=label)
    fenced = fences.fenced(rendering.bulleted(values[piece.variable]), piece.fence or piece.variable)
    words = rendering.render(piece.content, {**values, piece.variable: fenced}, label=label)
    has_place = piece.variable in rendering.check(piece.content, name="content", label=label).names
    return words if has_place else f"{words.rstrip()}\n{fenced}"


def _joined(spoken: list[tuple[str, str]]) -> tuple[Message, ...]:
    messages: list[tuple[str, str]] = []
    for role, text in spoken:
        if messages and messages[-1][0] == role:
            messages[-1] = (role, f"{messages[-1][1]}\n\n{text}")
        else:
            messages.append((role, text))
    return tuple(Message.of(str(role), text) for role, text in messages)


def _listed(names: Sequence[str]) -> str:
    marked = [f"`{name[:100]}`" for name in names]
    return marked[0] if len(marked) == 1 else ", ".join(marked[:-1]) + " and " + marked[-1]
