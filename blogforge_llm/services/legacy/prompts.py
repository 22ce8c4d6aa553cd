"""Prompt parts and prompts of the original: parts and templates here, each piece of text once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.prompts import Block, MessageRole, Part, PartKind
from blogforge_llm.services.legacy import rows, values, wording
from blogforge_llm.services.legacy.rows import Run, Taking
from blogforge_llm.services.legacy.source import Row, digest
from blogforge_llm.services.prompts import grammar, parts, templates
from blogforge_llm.services.prompts.part_texts import DEFAULT_POSITION

_NOTE = "Imported from BlogForge"


def take_part(conn: db.Connection, run: Run, row: Row) -> None:
    rows.take(conn, run, "llm_prompt_part", row, _part, edits=edits)


def take_prompt(conn: db.Connection, run: Run, row: Row) -> None:
    rows.take(conn, run, "llm_prompt", row, _prompt, edits=edits)


def edits(taking: Taking) -> list[str]:
    """The parts and templates of a row whose newest version somebody wrote here, in words."""
    conn, found = taking.conn, []
    for place in taking.known.values():
        if place.noun == "part" and place.noun_id is not None and place.written is not None:
            part = parts.get(conn, part_id=place.noun_id)
            version = parts.get_version(conn, part_id=part.id, number=part.latest_version)
            if _state(part) != place.written and version.note != _NOTE:
                found.append(f"the part “{part.name}”")
        elif place.noun == "template" and place.noun_id is not None and place.written is not None:
            template = templates.get(conn, template_id=place.noun_id)
            newest = templates.get_version(conn, template_id=template.id, number=template.latest_version)
            if _blocks_state(conn, template.id) != place.written and newest.note != _NOTE:
                found.append(f"the template “{template.name}”")
    return list(dict.fromkeys(found))


def template_from(taking: Taking, place: str, name: str, text: str) -> int:
    """A template of its own for a text, such as an action's copy of its prompt."""
    blocks = _of_text(taking, name, text, place)
    return _template(taking, place, name, "", blocks)


def _part(taking: Taking) -> None:
    text = values.text_of(taking.get("content"))
    taking.note("content", text)
    kind, tags = wording.kind_of(taking.get("type"), taking.get("tags"))
    name = values.name_of(taking.get("name") or taking.get("description"), f"Part {taking.row.id}")
    role = wording.role_of(taking.get("role"), taking.get("type"))
    position = values.whole_number(taking.get("order"))
    about = values.text_of(taking.get("description")).text
    part = _write_part(
        taking, "part", name, kind, role, text.text, tags=tags, description=about,
        position=position if position is not None and 0 <= position <= 1000 else DEFAULT_POSITION,
    )  # fmt: skip
    taking.became("part", part.id)


def _write_part(
    taking: Taking, place: str, name: str, kind: PartKind, role: MessageRole, text: str, *, tags: Sequence[str] = (),
    description: str = "", position: int = DEFAULT_POSITION,
) -> Part:  # fmt: skip
    """The part at this place of the row: as before, changed, new, or the one that says just this already. Raises
    Conflict when it was edited here since, and Invalid for a text that is no prompt here."""
    conn, actor = taking.conn, taking.run.actor
    values_: dict[str, Any] = {
        "kind": kind,
        "role": role,
        "content": _translated(taking, name, text),
        "tags": list(tags)[:20],
    }
    values_ |= {"description": description[:2000], "position": position}
    wanted, known = digest(name, values_), taking.known.get(place)
    written = None
    if known is not None and known.noun_id is not None:
        part = parts.get(conn, part_id=known.noun_id)
        if known.written == _state(part):
            part = parts.update(conn, actor=actor, part_id=part.id, note=_NOTE, **values_)
        elif known.hash != wanted and not wording.same(part.content, values_["content"]):
            raise _edited(f"The part “{part.name}”")
        else:
            written = known.written
    else:
        part = _same_part(conn, name, role, values_["content"]) or parts.create(
            conn, actor=actor, name=_free(taking, name, _part_names(conn)), note=_NOTE, **values_
        )
    taking.keep(place, "part", part.id, wanted, written or _state(part))
    taking.tell("part", part.id)
    return part


def _prompt(taking: Taking) -> None:
    name = values.name_of(taking.get("name"), f"Prompt {taking.row.id}")
    text, system = values.text_of(taking.get("prompt_text")), values.text_of(taking.get("system_prompt"))
    elements = values.data_of(taking.get("prompt_json"))
    blocks: list[Block] = []
    if isinstance(elements, list) and elements:
        blocks = [block for number, element in enumerate(elements) for block in _of_element(taking, number, element)]
        if text.text:
            taking.change("prompt_text: kept with the import's record; prompt_json is what was assembled")
    else:
        if elements:
            taking.change("prompt_json: it holds no messages, kept with the import's record")
        if taking.note("system_prompt", system):
            blocks.append(
                _block(
                    _write_part(taking, "system", f"{name}: system", PartKind.SYSTEM, MessageRole.SYSTEM, system.text)
                )
            )
        if taking.note("prompt_text", text):
            blocks += _of_text(taking, name, text.text, "text")
    if taking.get("parameters") or values.lines_of(taking.get("part_ids")).text:
        taking.change("parameters and part_ids: kept with the import's record")
    if not blocks:
        taking.leave_out("it has no text")
    elif not _asks(taking.conn, blocks):
        taking.conflict("system text alone asks nothing, so it is no template here; its parts were taken")
    else:
        about = values.text_of(taking.get("description")).text
        taking.became("template", _template(taking, "template", name, about, blocks))


def _of_element(taking: Taking, number: int, element: Any) -> list[Block]:
    """One element of prompt_json, in the order of the original."""
    if not isinstance(element, dict):
        element = {"content": element}
    name = values.name_of(element.get("name"), f"{values.name_of(taking.get('name'), 'Prompt')}: {number + 1}")
    field = values.text_of(element.get("field")).text.strip()
    if str(element.get("type")).lower() == "data" and field:
        return [_data(taking, field)]
    text = values.text_of(element.get("content")).text
    if not text:
        taking.change(f"element {number + 1} of prompt_json is empty")
        return []
    kind, tags = wording.kind_of(element.get("type"), element.get("tags"))
    role = wording.role_of(element.get("role"), element.get("type"))
    found = _same_part(taking.conn, name, role, wording.translated(text).text.strip())
    if (
        found is None
        and any(name.lower() == known for known in _part_names(taking.conn))
        and str(number) not in taking.known
    ):
        taking.change(f"“{name}” says something else than the part of that name: it is a part of its own")
    return [_block(found or _write_part(taking, f"element {number}", name, kind, role, text, tags=tags))]


def _of_text(taking: Taking, name: str, text: str, place: str) -> list[Block]:
    """A text split into parts by purpose; a short one is a message of its own."""
    pieces = wording.split(text)
    if len(pieces) == 1:
        return [Block(None, MessageRole.USER, _translated(taking, name, text), False, True)]
    taking.change(f"split into {len(pieces)} parts by purpose; the text as it was is kept with the import's record")
    seen: dict[PartKind, int] = {}
    blocks = []
    for number, (kind, piece) in enumerate(pieces):
        seen[kind] = seen.get(kind, 0) + 1
        named = f"{name}: {kind}" + (f" {seen[kind]}" if seen[kind] > 1 else "")
        role = MessageRole.SYSTEM if kind is PartKind.PERSONA else MessageRole.USER
        blocks.append(_block(_write_part(taking, f"{place} {number}", named, kind, role, piece)))
    return blocks


def _translated(taking: Taking, name: str, text: str) -> str:
    """In the language of prompts here. Raises Invalid for what it cannot say."""
    words = wording.translated(text)
    for change in words.changes:
        taking.change(f"{name}: {change}")
    if words.problems:
        raise Invalid(
            f"“{name}” is no prompt here: {' '.join(words.problems)} Its text is kept with the import's record."
        )
    return words.text.strip()


def _data(taking: Taking, field: str) -> Block:
    """A data element: the variable as its own message."""
    name = wording.NAMES.get(field, field)
    if not grammar.is_name(name):
        raise Invalid(f"prompt_json names the data “{field[:80]}”, which no variable can be called.")
    return Block(None, MessageRole.USER, "{{ " + name + " }}", False, True)


def _template(taking: Taking, place: str, name: str, description: str, blocks: list[Block]) -> int:
    """As before, changed, or new. Raises Conflict when it was edited here since."""
    conn, actor, known = taking.conn, taking.run.actor, taking.known.get(place)
    wanted = digest(name, description, [(b.part_id, b.role, b.content) for b in blocks])
    written = None
    if known is not None and known.noun_id is not None:
        template = templates.get(conn, template_id=known.noun_id)
        if known.written == _blocks_state(conn, template.id):
            template = templates.update(
                conn, actor=actor, template_id=template.id, description=description[:2000], blocks=blocks, note=_NOTE
            )
        elif known.hash != wanted:
            raise _edited(f"The template “{template.name}”")
        else:
            written = known.written
    else:
        template = templates.create(
            conn, actor=actor, name=_free(taking, name, _template_names(conn)), description=description[:2000],
            blocks=blocks, note=_NOTE,
        )  # fmt: skip
    taking.keep(place, "template", template.id, wanted, written or _blocks_state(conn, template.id))
    taking.tell("template", template.id)
    return template.id


def _edited(what: str) -> Conflict:
    return Conflict(
        f"{what} was edited here, and the source was changed as well. Compare the two; the source's text is kept with "
        "the import's record."
    )


def _asks(conn: db.Connection, blocks: Sequence[Block]) -> bool:
    known = parts.list_by_id(conn, part_ids=[block.part_id for block in blocks if block.part_id is not None])
    return any(
        (block.role or (known[block.part_id].role if block.part_id is not None else None)) is MessageRole.USER
        for block in blocks
    )


def _state(part: Part) -> bytes:
    return digest(part.role, part.content, part.kind, part.archived_at is None)


def _blocks_state(conn: db.Connection, template_id: int) -> bytes:
    template = templates.get(conn, template_id=template_id)
    version = templates.get_version(conn, template_id=template_id, number=template.latest_version)
    said = [(block.part_id, block.role, block.content, block.is_enabled) for block in version.blocks]
    return digest(said, template.archived_at is None)


def _same_part(conn: db.Connection, name: str, role: MessageRole, text: str) -> Part | None:
    """A living part of this name that says just this."""
    for part in parts.list_(conn, q=name):
        if part.name.lower() == name.lower() and part.role == role and wording.same(part.content, text):
            return part
    return None


def _part_names(conn: db.Connection) -> set[str]:
    return {part.name.lower() for is_archived in (False, True) for part in parts.list_(conn, is_archived=is_archived)}


def _template_names(conn: db.Connection) -> set[str]:
    every = [each for is_archived in (False, True) for each in templates.list_(conn, is_archived=is_archived)]
    return {template.name.lower() for template in every}


def _free(taking: Taking, name: str, taken: set[str]) -> str:
    """The name, with a number where somebody has it."""
    if name.lower() not in taken:
        return name
    free = next(each for n in itertools.count(2) if (each := f"{name[:185]} {n}").lower() not in taken)
    taking.change(f"called “{free}” here: the name “{name}” is taken")
    return free


def _block(part: Part) -> Block:
    return Block(part.id, None, None, False, True)
