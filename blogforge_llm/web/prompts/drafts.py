"""The form of a template: what was typed, block by block, before anybody knows whether it fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from blogforge_llm.records.prompts import Block, MessageRole, Template, TemplateVersion

_WANTED = ("q", "kind", "tag")


@dataclass(frozen=True, slots=True)
class DraftBlock:
    """`key` names its fields in the form. Without a part it is a message of its own."""

    key: str
    part_id: int | None = None
    role: str = ""
    content: str = ""
    is_optional: bool = False
    is_enabled: bool = True
    is_new: bool = False

    @classmethod
    def read(cls, form: Mapping[str, str], key: str) -> DraftBlock:
        return cls(
            key, _number(form.get(f"{key}-part_id", "")), form.get(f"{key}-role", ""),
            form.get(f"{key}-content", ""), f"{key}-optional" in form, f"{key}-enabled" in form,
        )  # fmt: skip

    def saved(self) -> Block:
        role = MessageRole(self.role) if self.role in set(MessageRole) else None
        content = None if self.part_id is not None else self.content
        return Block(self.part_id, role, content, self.is_optional, self.is_enabled)


@dataclass(frozen=True, slots=True)
class Trial:
    """With what a draft is tried: values typed in, a post, whom it would go to. None of it is saved."""

    inputs: dict[str, str] = field(default_factory=dict)
    post_id: int | None = None
    route_id: int | None = None
    max_tokens: int | None = None

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> Trial:
        typed = {name.removeprefix("input-"): value for name, value in form.items() if name.startswith("input-")}
        return cls(typed, *(_number(form.get(f"try-{name}", "")) for name in ("post", "route", "max_tokens")))


@dataclass(frozen=True, slots=True)
class Draft:
    """`base` is the newest version its author saw; `typed` are the variables that no field fills, on purpose; `wanted`
    narrows the library beside it."""

    template_id: int | None = None
    name: str = ""
    description: str = ""
    note: str = ""
    base: int | None = None
    blocks: tuple[DraftBlock, ...] = ()
    typed: frozenset[str] = frozenset()
    trial: Trial = field(default_factory=Trial)
    wanted: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(_WANTED, ""))

    @classmethod
    def of(cls, template: Template, version: TemplateVersion, typed: Iterable[str]) -> Draft:
        blocks = tuple(
            DraftBlock(f"b{n}", b.part_id, b.role or "", b.content or "", b.is_optional, b.is_enabled)
            for n, b in enumerate(version.blocks, 1)
        )
        return cls(
            template.id, template.name, template.description, "", template.latest_version, blocks, frozenset(typed)
        )

    @classmethod
    def read(cls, form: MultiDict[str, str], *, template_id: int | None = None) -> Draft:
        keys = list(dict.fromkeys(form.getlist("order")))[:200]
        return cls(
            template_id or form.get("template_id", type=int), form.get("name", ""), form.get("description", ""),
            form.get("note", ""), form.get("base", type=int), tuple(DraftBlock.read(form, key) for key in keys),
            frozenset(form.getlist("typed")), Trial.read(form),
            {name: form.get(f"parts-{name}", "").strip() for name in _WANTED},
        )  # fmt: skip

    def saved_blocks(self) -> list[Block]:
        return [block.saved() for block in self.blocks]

    def changed(self, form: Mapping[str, str]) -> Draft:
        """After the button that was pressed: a block moved, removed, copied or added."""
        blocks = [block for block in self.blocks if block.key != form.get("remove")]
        key, _, way = form.get("move", "").partition(":")
        for place, block in enumerate(blocks):
            if block.key == key:
                blocks.insert(max(0, place + (-1 if way == "up" else 1)), blocks.pop(place))
                break
            if block.key == form.get("duplicate"):
                blocks.insert(place + 1, replace(block, key=self._free_key(), is_new=True))
                break
        new = self._new(form)
        return replace(self, blocks=(*blocks, *([new] if new else [])))

    def _free_key(self) -> str:
        numbers = [int(block.key[1:]) for block in self.blocks if block.key[1:].isdecimal() and len(block.key) < 9]
        return f"b{max(numbers, default=0) + 1}"

    def _new(self, form: Mapping[str, str]) -> DraftBlock | None:
        if (part_id := _number(form.get("add-part", ""))) is not None:
            return DraftBlock(self._free_key(), part_id=part_id, is_new=True)
        if form.get("add") == "message":
            return DraftBlock(self._free_key(), role=form.get("new-role", "user"), is_new=True)
        return None


def _number(text: str) -> int | None:
    """A positive whole number that fits a row's id."""
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) < 19 and int(text) else None
