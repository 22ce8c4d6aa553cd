"""The page on which a template is written, drawn from a draft of its form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, make_response, render_template

from blogforge_llm import db
from blogforge_llm.errors import Conflict, DomainError
from blogforge_llm.records.prompts import Part
from blogforge_llm.services.editorial import workflow
from blogforge_llm.services.prompts import parts, previews, templates
from blogforge_llm.web import htmx, viewers
from blogforge_llm.web.prompts.drafts import Draft, DraftBlock


@dataclass(frozen=True, slots=True)
class Item:
    """A block as the sortable list takes it; `number` counts from 0, as the service does."""

    id: str
    label: str
    number: int
    block: DraftBlock
    part: Part | None


def page(draft: Draft, errors: dict[str, str] | None = None, *, status: int = 200) -> Response:
    """The whole page, or for htmx the form alone."""
    name = "prompts/templates/_editor.html" if htmx.wants_fragment() else "prompts/templates/edit.html"
    context = previewed(draft)
    with db.transaction() as conn:
        living = parts.list_(conn)
        everything = [*parts.list_(conn, is_archived=True), *living]
        template = templates.get(conn, template_id=draft.template_id) if draft.template_id else None
    context |= {"items": _items(draft, everything), "parts": living, "template": template}
    return make_response(render_template(name, **context, errors=errors or {}, ids=_ids(draft)), status)


def again(draft: Draft, refusal: DomainError) -> Response:
    """What was typed, and what is wrong with it beside each field. htmx swaps no 409 in, so it gets that as 422."""
    if isinstance(refusal, Conflict) and refusal.current:
        draft = replace(draft, base=refusal.current["latest_version"])  # they were told; the next save may go over it
    errors: dict[str, str] = getattr(refusal, "errors", None) or {"form": str(refusal)}
    is_conflict = isinstance(refusal, Conflict) and not htmx.wants_fragment()
    return page(draft, errors, status=409 if is_conflict else 422)


def previewed(draft: Draft) -> dict[str, Any]:
    """The draft with what it would say."""
    with db.transaction() as conn:
        preview = previews.of_blocks(
            conn, actor=viewers.current(), blocks=draft.saved_blocks(), inputs=draft.inputs
        )  # fmt: skip
        return {"draft": draft, "preview": preview, "inputs": draft.inputs, "fields": field_names(conn)}


def field_names(conn: db.Connection) -> dict[str, str]:
    """Which field of a post fills which variable."""
    return {field.key: field.name for field in workflow.list_fields(conn)}


def _items(draft: Draft, everything: Sequence[Part]) -> list[Item]:
    known = {part.id: part for part in everything}
    items = []
    for number, block in enumerate(draft.blocks):
        part = known.get(block.part_id) if block.part_id is not None else None
        label = part.name if part else ("A part that is gone" if block.part_id is not None else f"Message {number + 1}")
        items.append(Item(block.key, label, number, block, part))
    return items


def _ids(draft: Draft) -> dict[str, str]:
    """Where the error summary leads: the service counts blocks, the form names them."""
    ids = {"blocks": "blocks"}
    for number, block in enumerate(draft.blocks):
        field = "content" if block.part_id is None else "part"
        ids |= {f"blocks.{number}": f"f-{block.key}-{field}", f"blocks.{number}.content": f"f-{block.key}-content"}
        ids |= {f"blocks.{number}.role": f"f-{block.key}-role", f"blocks.{number}.part_id": f"f-{block.key}-part"}
    return ids
