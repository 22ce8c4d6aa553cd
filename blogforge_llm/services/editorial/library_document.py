"""The file format of a library, blogforge-library/1: reading it strictly, naming the place of every mistake, and
writing it. What becomes of it in the database is library.py.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from blogforge_llm.errors import Invalid
from blogforge_llm.records.library import Library, LibraryAction, LibraryBlock, LibraryPart, LibraryTemplate
from blogforge_llm.records.prompts import Block
from blogforge_llm.services import texts
from blogforge_llm.services.editorial import contracts
from blogforge_llm.services.prompts import blocks as block_rules
from blogforge_llm.services.prompts import part_texts
from blogforge_llm.services.registry import parameters as parameter_rules

FORMAT = "blogforge-library/1"
MAX_SIZE = 4_000_000  # bytes
MAX_ENTRIES = 5_000  # of each kind

_PART = ({"name", "kind", "role", "content"}, {"description", "tags", "position", "variable", "label", "fence"})
_TEMPLATE = ({"name", "blocks"}, {"description"})
_BLOCK: tuple[set[str], set[str]] = (set(), {"part", "role", "content", "optional", "enabled"})
_ACTION = ({"field", "name", "template"}, {"parameters", "contract", "is_default", "needs_choice"})
_TYPES: dict[str, tuple[type, str]] = {
    "tags": (list, "a list of texts"), "blocks": (list, "a list"), "position": (int, "a whole number"),
    "optional": (bool, "true or false"), "enabled": (bool, "true or false"), "is_default": (bool, "true or false"),
    "needs_choice": (bool, "true or false"),
    "parameters": (dict, "an object"), "contract": (dict, "an object"),
}  # fmt: skip
_WORDS = {
    "variable": re.compile(r"([A-Za-z][A-Za-z0-9_]{0,63})?"),
    "fence": re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,63})?"),
}
_ANY_PART = 1  # stands for a part's id while only the words are checked

Entry = TypeVar("Entry")


def read(document: bytes) -> Library:
    """Raises Invalid naming the place, such as “parts[3], content”."""
    if len(document) > MAX_SIZE:
        raise _wrong(f"it is larger than {MAX_SIZE // 1_000_000} MB.")
    try:
        data = json.loads(document.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise _wrong("it is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise _wrong(f"line {error.lineno}, column {error.colno}: {error.msg}. It must be JSON.") from error
    except (ValueError, RecursionError) as error:
        raise _wrong("it is nested too deeply, or a number in it is no number.") from error
    return of(data)


def of(data: Any) -> Library:
    """The same for JSON that was already parsed."""
    top = _object(data, "", ({"format", "parts", "templates", "actions"}, {"name", "description"}))
    if top["format"] != FORMAT:
        raise _wrong(f"its format is not {FORMAT}.")
    with _place("name and description"):
        name = texts.line(str(top.get("name") or "Library"), name="name", label="The name")
        description = texts.clean(str(top.get("description", "")), name="description", label="It", max_length=2000)
    return Library(
        name, description, _entries(top, "parts", _part, lambda part: part.name),
        _entries(top, "templates", _template, lambda template: template.name),
        _entries(top, "actions", _action, lambda action: f"{action.field}: {action.name}"),
    )  # fmt: skip


def write(library: Library) -> str:
    """The file's text: read() gives the same library again."""
    data = {
        "format": FORMAT, "name": library.name, "description": library.description,
        "parts": [part_data(part) for part in library.parts],
        "templates": [template_data(template) for template in library.templates],
        "actions": [action_data(action) | {"is_default": action.is_default} for action in library.actions],
    }  # fmt: skip
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def fingerprint(data: dict[str, Any]) -> bytes:
    """Equal for entries that say the same."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=True).encode()).digest()


def part_data(part: LibraryPart) -> dict[str, Any]:
    data = {
        "name": part.name, "kind": str(part.kind), "role": str(part.role), "content": part.content,
        "description": part.description, "tags": part.tags, "position": part.position,
    }  # fmt: skip
    extra = {"variable": part.variable, "label": part.label, "fence": part.fence}
    return data | ({} if part.variable is None else extra)


def template_data(template: LibraryTemplate) -> dict[str, Any]:
    blocks = [_block_data(block) for block in template.blocks]
    return {"name": template.name, "description": template.description, "blocks": blocks}


def action_data(action: LibraryAction) -> dict[str, Any]:
    """Without is_default: which action is the default is each installation's own affair."""
    data = {
        "field": action.field, "name": action.name, "template": action.template,
        "parameters": action.parameters, "contract": action.contract,
    }  # fmt: skip
    return data | ({"needs_choice": True} if action.needs_choice else {})


def _block_data(block: LibraryBlock) -> dict[str, Any]:
    data: dict[str, Any] = {} if block.part is None else {"part": block.part}
    data |= {} if block.role is None else {"role": str(block.role)}
    data |= {} if block.content is None else {"content": block.content}
    return data | ({"optional": True} if block.is_optional else {}) | ({} if block.is_enabled else {"enabled": False})


def _entries(
    top: dict[str, Any], noun: str, build: Callable[[dict[str, Any], str], Entry], name_of: Callable[[Entry], str]
) -> tuple[Entry, ...]:
    rows = top[noun]
    if not isinstance(rows, list) or len(rows) > MAX_ENTRIES:
        raise _wrong(f"{noun} must be a list of at most {MAX_ENTRIES:,}.")
    entries = tuple(build(row, f"{noun}[{number}]") for number, row in enumerate(rows))
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries):
        first = seen.setdefault(name_of(entry).lower(), number)
        if first != number:
            raise _wrong(f"{noun}[{number}] has the name of {noun}[{first}]: “{name_of(entry)}”.")
    return entries


def _part(row: Any, place: str) -> LibraryPart:
    data = _object(row, place, _PART)
    for key, shape in _WORDS.items():
        if not shape.fullmatch(data.get(key, "")):
            raise _wrong(f"{place}.{key} must be a letter, then letters, digits and _, at most 64.")
    with _place(place):
        kind = part_texts.kind_of(data["kind"])
        text = part_texts.check(
            kind=kind, role=data["role"], content=data["content"], variable=data.get("variable"),
            label=data.get("label"), fence=data.get("fence"),
        )  # fmt: skip
        about = part_texts.about(
            name=data["name"], kind=kind, description=data.get("description", ""), tags=data.get("tags", []),
            position=data.get("position", part_texts.DEFAULT_POSITION),
        )  # fmt: skip
    del about["notes"]  # notes are for the people here
    return LibraryPart(
        **about, role=text.role, content=text.content, variable=text.variable, label=text.label, fence=text.fence
    )


def _template(row: Any, place: str) -> LibraryTemplate:
    data = _object(row, place, _TEMPLATE)
    rows = [_object(block, f"{place}.blocks[{number}]", _BLOCK) for number, block in enumerate(data["blocks"])]
    with _place(place):
        name = texts.line(data["name"], name="name", label="Name")
        description = texts.clean(data.get("description", ""), name="description", label="Description", max_length=2000)
        checked = block_rules.check([_unchecked(block) for block in rows])
    blocks = tuple(
        LibraryBlock(row.get("part"), block.role, block.content, block.is_optional, block.is_enabled)
        for row, block in zip(rows, checked, strict=True)
    )
    return LibraryTemplate(name, description.strip(), blocks)


def _unchecked(row: dict[str, Any]) -> Block:
    part_id = None if row.get("part") is None else _ANY_PART
    flags = (row.get("optional", False), row.get("enabled", True))
    return Block(part_id, row.get("role"), row.get("content"), *flags)


def _action(row: Any, place: str) -> LibraryAction:
    data = _object(row, place, _ACTION)
    with _place(place):
        return LibraryAction(
            field=data["field"],
            name=texts.line(data["name"], name="name", label="Name"),
            template=data["template"],
            parameters=parameter_rules.clean(data.get("parameters", {})),
            contract=contracts.clean(data.get("contract", {})),
            is_default=data.get("is_default", False),
            needs_choice=data.get("needs_choice", False),
        )


def _object(value: Any, place: str, keys: tuple[set[str], set[str]]) -> dict[str, Any]:
    """The object without its nulls; every key known, every required one there, every value of its type."""
    required, optional = keys
    where = place or "the file"
    if not isinstance(value, dict):
        raise _wrong(f"{where} must be an object.")
    data = {key: item for key, item in value.items() if item is not None}
    if missing := sorted(required - data.keys()):
        raise _wrong(f"{where} has no {missing[0]}.")
    if unknown := sorted(value.keys() - required - optional):
        raise _wrong(f"{where} has “{unknown[0][:50]}”, which the format does not know.")
    for key, item in data.items():
        if place:
            _require_type(key, item, f"{place}.{key}")
    return data


def _require_type(key: str, value: Any, place: str) -> None:
    wanted, words = _TYPES.get(key, (str, "a text"))
    is_fine = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
    if not is_fine or (key == "tags" and not all(isinstance(tag, str) for tag in value)):
        raise _wrong(f"{place} must be {words}.")


@contextlib.contextmanager
def _place(place: str) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        raise _wrong(f"{place}: {error}") from error


def _wrong(reason: str) -> Invalid:
    return Invalid.field("document", f"This library cannot be imported: {reason}")


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
