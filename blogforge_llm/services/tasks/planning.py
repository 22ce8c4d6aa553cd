"""From rows of inputs to planned items: every row's prompt is resolved before anything is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine.types import Message
from blogforge_llm.errors import Invalid
from blogforge_llm.records.batches import Planned
from blogforge_llm.services import texts
from blogforge_llm.services.prompts import resolver

MAX_ITEMS = 10_000
_PROBLEMS_SHOWN = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """What one item is made from: a template's inputs, or messages. Without a key its number is its key."""

    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    messages: Sequence[Mapping[str, str]] | None = None
    key: str | None = None


def plan(
    conn: db.Connection,
    rows: Iterable[Row],
    *,
    template_id: int | None = None,
    route_id: int | None = None,
    model_id: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    deadline_s: float = 120.0,
) -> list[Planned]:
    """The items. Raises Invalid naming every row that cannot be one, the first twenty in words."""
    rows = list(rows)
    if not 0 < len(rows) <= MAX_ITEMS:
        raise Invalid.field("items", f"A batch takes 1 to {MAX_ITEMS:,} items at a time; these are {len(rows):,}.")
    version_id = None if template_id is None else resolver.published(conn, template_id)
    pieces = [] if version_id is None else resolver.list_pieces(conn, version_id)
    common: dict[str, Any] = {
        "route_id": route_id, "model_id": model_id, "parameters": dict(parameters or {}), "deadline_s": deadline_s,
        "template_version_id": version_id,
    }  # fmt: skip
    planned, problems = [], {}
    for number, row in enumerate(rows, 1):
        try:
            asked, part_ids = _messages(row, pieces, template_id)
            key = texts.line(row.key or str(number), name="key", label="The key")
        except Invalid as problem:
            problems[f"items.{number - 1}"] = f"Row {number}: {problem}"
            continue
        said = [{"role": message.role, "content": message.text} for message in asked]
        planned.append(Planned(key, said, part_version_ids=part_ids, inputs=row.inputs, **common))
    if problems:
        raise _refused(problems, len(rows))
    return planned


def _messages(row: Row, pieces: Sequence[Any], template_id: int | None) -> tuple[Sequence[Message], list[int]]:
    if template_id is not None:
        if row.messages is not None:
            raise Invalid("With a template, give inputs instead of messages.")
        resolved = resolver.assemble(pieces, row.inputs)
        return resolved.messages, resolved.part_version_ids
    if not row.messages:
        raise Invalid("Without a template, messages say what to ask.")
    asked = [Message.of(message["role"], message["content"]) for message in row.messages]
    if not any(message.role == "user" and message.text.strip() for message in asked):
        raise Invalid("At least one user message must have text.")
    return asked, []


def _refused(problems: Mapping[str, str], count: int) -> Invalid:
    shown = dict(list(problems.items())[:_PROBLEMS_SHOWN])
    more = len(problems) - len(shown)
    message = f"{len(problems):,} of {count:,} rows cannot be asked. Correct them and plan again."
    return Invalid(message + (f" The first {len(shown)} are named." if more else ""), shown)
