"""The page on which a template is put together, drawn from a draft of its form: library, blocks, result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, make_response, render_template

from blogforge_llm import db
from blogforge_llm.errors import Conflict, DomainError, NotFound
from blogforge_llm.records.prompts import Part
from blogforge_llm.services.editorial import materials, posts
from blogforge_llm.services.prompts import parts, previews, sizes, templates, variables
from blogforge_llm.services.prompts.previews import Preview
from blogforge_llm.services.registry import routes
from blogforge_llm.web import htmx, viewers
from blogforge_llm.web.prompts.drafts import Draft, DraftBlock, Trial

_SHOWN_PARTS = 60  # of the library; search finds the others
_SHOWN_POSTS = 50


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
    context = previewed(draft) | library(draft)
    with db.transaction() as conn:
        ids = [block.part_id for block in draft.blocks if block.part_id is not None]
        template = templates.get(conn, template_id=draft.template_id) if draft.template_id else None
        context |= {"items": _items(draft, parts.list_by_id(conn, part_ids=ids)), "template": template}
        context |= choices(conn)
    return make_response(render_template(name, **context, errors=errors or {}, ids=_ids(draft)), status)


def again(draft: Draft, refusal: DomainError) -> Response:
    """What was typed, and what is wrong with it beside each field. htmx swaps no 409 in, so it gets that as 422."""
    if isinstance(refusal, Conflict) and refusal.current:
        draft = replace(draft, base=refusal.current["latest_version"])  # they were told; the next save may go over it
    errors: dict[str, str] = getattr(refusal, "errors", None) or {"form": str(refusal)}
    is_conflict = isinstance(refusal, Conflict) and not htmx.wants_fragment()
    return page(draft, errors, status=409 if is_conflict else 422)


def library(draft: Draft) -> dict[str, Any]:
    """The parts to add, narrowed as wanted, and how many there are."""
    with db.transaction() as conn:
        return {
            "draft": draft, "parts": parts.list_offered(conn, **draft.wanted, limit=_SHOWN_PARTS),
            "found": parts.count(conn, **draft.wanted), "tags": [(tag, tag) for tag in parts.list_tags(conn)],
        }  # fmt: skip


def previewed(draft: Draft) -> dict[str, Any]:
    """The draft with what it would say to whom."""
    with db.transaction() as conn:
        seen = previews.of_blocks(conn, actor=viewers.current(), blocks=draft.saved_blocks(), inputs={})
        inputs = _inputs(conn, seen, draft.trial)
        if any(inputs.values()):
            seen = previews.of_blocks(conn, actor=viewers.current(), blocks=draft.saved_blocks(), inputs=inputs)
        return {"draft": draft, "typed": draft.typed} | _tried(conn, seen, draft.trial, inputs)


def tried(conn: db.Connection, *, template_version_id: int, trial: Trial) -> dict[str, Any]:
    """A saved version with what it would say to whom."""
    seen = previews.of_version(conn, template_version_id=template_version_id, inputs={})
    inputs = _inputs(conn, seen, trial)
    seen = previews.of_version(conn, template_version_id=template_version_id, inputs=inputs)
    return {"typed": None} | _tried(conn, seen, trial, inputs)


def choices(conn: db.Connection) -> dict[str, Any]:
    """What a prompt can be tried with: routes and posts."""
    return {
        "routes": [(route.id, route.name) for route in routes.list_all(conn)],
        "posts": posts.list_titles(conn, limit=_SHOWN_POSTS),
    }


def unfilled(conn: db.Connection, *, template_version_id: int) -> list[str]:
    """The variables that no field fills; whoever saved the version meant them so."""
    seen = previews.of_version(conn, template_version_id=template_version_id, inputs={})
    known = variables.sources(conn)
    return [variable.name for variable in seen.variables if variable.name not in known]


def _inputs(conn: db.Connection, seen: Preview, trial: Trial) -> dict[str, Any]:
    """What was typed, and from the post what was not."""
    typed = {name: value for name, value in trial.inputs.items() if value.strip()}
    if trial.post_id is None:
        return typed
    return materials.of_post(conn, post_id=trial.post_id, wanted=seen.variables) | typed


def _tried(conn: db.Connection, seen: Preview, trial: Trial, inputs: Mapping[str, Any]) -> dict[str, Any]:
    try:
        whom = sizes.for_tokens(conn, tokens=seen.tokens, route_id=trial.route_id, max_tokens=trial.max_tokens)
    except NotFound:
        whom = []  # the route was archived meanwhile
    return {
        "preview": seen, "sizes": whom, "trial": trial, "filled": inputs.keys(), "sources": variables.sources(conn)
    }  # fmt: skip


def _items(draft: Draft, known: Mapping[int, Part]) -> list[Item]:
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
