"""The form of a template: what was typed, block by block, before anybody knows whether it fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from blogforge_llm.records.prompts import Block, MessageRole, Template, TemplateVersion


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
        part_id = form.get(f"{key}-part_id", "")
        return cls(
            key, int(part_id) if part_id.isdecimal() and len(part_id) < 19 else None, form.get(f"{key}-role", ""),
            form.get(f"{key}-content", ""), f"{key}-optional" in form, f"{key}-enabled" in form,
        )  # fmt: skip

    def saved(self) -> Block:
        role = MessageRole(self.role) if self.role in set(MessageRole) else None
        content = None if self.part_id is not None else self.content
        return Block(self.part_id, role, content, self.is_optional, self.is_enabled)


@dataclass(frozen=True, slots=True)
class Draft:
    """`base` is the newest version its author saw; `inputs` are values to try it with."""

    template_id: int | None = None
    name: str = ""
    description: str = ""
    note: str = ""
    base: int | None = None
    blocks: tuple[DraftBlock, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, template: Template, version: TemplateVersion) -> Draft:
        blocks = tuple(
            DraftBlock(f"b{n}", b.part_id, b.role or "", b.content or "", b.is_optional, b.is_enabled)
            for n, b in enumerate(version.blocks, 1)
        )
        return cls(template.id, template.name, template.description, "", template.latest_version, blocks)

    @classmethod
    def read(cls, form: MultiDict[str, str], *, template_id: int | None = None) -> Draft:
        keys = list(dict.fromkeys(form.getlist("order")))[:200]
        return cls(
            template_id or form.get("template_id", type=int), form.get("name", ""), form.get("description", ""),
            form.get("note", ""), form.get("base", type=int), tuple(DraftBlock.read(form, key) for key in keys),
            {name.removeprefix("input-"): value for name, value in form.items() if name.startswith("input-")},
        )  # fmt: skip

    def saved_blocks(self) -> list[Block]:
        return [block.saved() for block in self.blocks]

    def changed(self, form: Mapping[str, str]) -> Draft:
        """After the button that was pressed: a block moved, removed or added."""
        blocks = [block for block in self.blocks if block.key != form.get("remove")]
        key, _, way = form.get("move", "").partition(":")
        for place, block in enumerate(blocks):
            if block.key == key:
                blocks.insert(max(0, place + (-1 if way == "up" else 1)), blocks.pop(place))
                break
        new = self._new(form)
        return replace(self, blocks=(*blocks, *([new] if new else [])))

    def _new(self, form: Mapping[str, str]) -> DraftBlock | None:
        numbers = [int(block.key[1:]) for block in self.blocks if block.key[1:].isdecimal()]
        key, part_id = f"b{max(numbers, default=0) + 1}", form.get("new-part_id", "")
        if form.get("add") == "part" and part_id.isdecimal() and len(part_id) < 19:
            return DraftBlock(key, part_id=int(part_id), is_new=True)
        if form.get("add") == "message":
            return DraftBlock(key, role=form.get("new-role", "user"), is_new=True)
        return None
