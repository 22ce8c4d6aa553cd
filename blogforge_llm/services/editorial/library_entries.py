"""What a library says of a part, a template or an action that is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blogforge_llm.records.actions import Action
from blogforge_llm.records.library import LibraryAction, LibraryBlock, LibraryPart, LibraryTemplate
from blogforge_llm.records.prompts import Block, Part, Template


def of_part(part: Part) -> LibraryPart:
    return LibraryPart(
        part.name, part.kind, part.role, part.content, part.description, part.tags, part.position,
        part.variable, part.label, part.fence,
    )  # fmt: skip


def of_template(template: Template, blocks: Sequence[Block], part_names: Mapping[int, str]) -> LibraryTemplate:
    """With the blocks of the version in use."""
    entries = tuple(
        LibraryBlock(
            None if block.part_id is None else part_names[block.part_id], block.role, block.content,
            block.is_optional, block.is_enabled,
        )
        for block in blocks
    )  # fmt: skip
    return LibraryTemplate(template.name, template.description, entries)


def of_action(action: Action) -> LibraryAction:
    """Presets travel as the parameters they hold."""
    parameters = action.preset_parameters | action.parameters
    return LibraryAction(
        action.field_key,
        action.name,
        action.template_name,
        parameters,
        action.contract,
        action.is_default,
        action.needs_choice,
    )
