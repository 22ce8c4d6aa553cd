"""What a prompt can be filled with: the post's fields, those of a section, and what is computed from its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.records.editorial import FieldKind, Overview, Scope, Value
from blogforge_llm.records.prompts import Variable
from blogforge_llm.records.sections import Item, ItemKind, Section
from blogforge_llm.services.editorial import fields, items, sections

COMPUTED: dict[Scope, dict[str, str]] = {
    Scope.POST: {},
    Scope.SECTION: {
        "section_ideas": "No idea is allocated to this section. Allocate some first: the prompt needs them.",
        "section_facts": "No fact is allocated to this section. Allocate some first: the prompt needs them.",
        "other_sections": "There is no other section yet. Add one first: the prompt needs to know what they cover.",
    },
    Scope.BOARD: {
        "sections_to_fill": "There are no sections yet. Add one first, so that something can be allocated to it.",
        "items_to_allocate": "There is no idea or fact without a section, so there is nothing to allocate.",
    },
}
"""Variables that no field fills, by the scope of the fields whose prompts may use them; and what to do without."""


@dataclass(frozen=True, slots=True)
class Material:
    """`values` by field key, `computed` by variable; an empty list is missing."""

    values: Mapping[str, Value]
    computed: Mapping[str, list[str]]

    def find(self, name: str) -> str | list[str] | None:
        """What a variable is filled with; None when there is nothing to fill it with."""
        if name in self.values:
            value = self.values[name]
            if not value.is_filled:
                return None
            return of_value(value)
        return self.computed.get(name) or None


def load(conn: db.Connection, *, post_id: int, section_id: int | None = None, is_board: bool = False) -> Material:
    """For the post's own fields, for those of a section, or for the board."""
    values = fields.list_values(conn, post_id=post_id)
    if section_id is not None:
        values = values + fields.list_values(conn, post_id=post_id, section_id=section_id)
    computed: dict[str, list[str]] = {}
    if section_id is not None or is_board:
        outline = sections.list_for(conn, post_id=post_id)
        found = items.list_for(conn, post_id=post_id)
        computed = of_board(outline, found) if section_id is None else of_section(section_id, outline, found)
    return Material({value.field.key: value for value in values}, computed)


def of_place(
    whole: Overview, found: Sequence[Item], *, section_id: int | None = None, own: Iterable[Value] = ()
) -> Material:
    """For the fields of a section, whose values are `own`, or for the board, of a post that was read already; `found`
    are its items that are not deleted."""
    if section_id is None:
        return Material(whole.values, of_board(whole.sections, found))
    theirs = {value.field.key: value for value in own}
    return Material({**whole.values, **theirs}, of_section(section_id, whole.sections, found))


def of_post(conn: db.Connection, *, post_id: int, wanted: Iterable[Variable]) -> dict[str, str | list[str]]:
    """The wanted variables that the post's own fields can fill; its empty fields fill none. Raises NotFound."""
    material = load(conn, post_id=post_id)
    found = {variable.name: material.find(variable.name) for variable in wanted}
    return {name: value for name, value in found.items() if value is not None}


def of_value(value: Value) -> str | list[str]:
    """A list's lines one by one, any other text whole."""
    return value.text.split("\n") if value.field.kind == FieldKind.LIST else value.text


def of_section(section_id: int, outline: Sequence[Section], found: Sequence[Item]) -> dict[str, list[str]]:
    """Its own ideas and facts; and what the others cover, which it should leave to them."""
    own = [item for item in found if item.section_id == section_id]
    return {
        "section_ideas": [item.text for item in own if item.kind == ItemKind.IDEA],
        "section_facts": [item.text for item in own if item.kind == ItemKind.FACT],
        "other_sections": [_covered(section, found) for section in outline if section.id != section_id],
    }


def of_board(outline: Sequence[Section], found: Sequence[Item]) -> dict[str, list[str]]:
    """What has no section yet, so that asking again asks for the missing ones only."""
    sections_to_fill = [f"{section.code}: {_described(section)}" for section in outline]
    missing = [f"{item.code}: {item.text}" for item in found if item.section_id is None]
    return {"sections_to_fill": sections_to_fill, "items_to_allocate": missing}


def _covered(section: Section, found: Sequence[Item]) -> str:
    own = [item.text for item in found if item.section_id == section.id]
    return " ".join([_described(section), *(f"[{text}]" for text in own)])


def _described(section: Section) -> str:
    about = " ".join((section.description or section.summary).split())
    return f"{section.heading or section.code}. {about}".strip()
