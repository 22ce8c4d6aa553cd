"""Texts of the original written into the fields here. A field that several columns fed gets them as revisions, the best
last; HTML becomes Markdown over the HTML as it was. What somebody wrote here since is never written over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blogforge_llm.errors import Invalid
from blogforge_llm.records.editorial import Field, FieldKind, Origin, Scope
from blogforge_llm.services.editorial import fields, workflow
from blogforge_llm.services.legacy import markup, rows, values
from blogforge_llm.services.legacy.rows import Taking
from blogforge_llm.services.legacy.source import digest

_WITHOUT_DETAILS = {"section_headings", "section_order"}
_BY_COMMAS = {"tags", "categories"}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a text goes; `section_id` is None for a field of the post."""

    post_id: int
    key: str
    section_id: int | None = None


def write(taking: Taking, spot: Spot, columns: Sequence[str]) -> None:
    """The texts of these columns, the one to be read last. Notes what was done, and a conflict where the field was
    written to meanwhile."""
    field = _field(taking, spot, columns)
    if field is None:
        return
    layers: list[str] = []
    filled = []
    for column in columns:
        found = _layers(taking, field, column, taking.get(column))
        layers += found
        filled += [column] if found else []
    if len(filled) > 1:
        taking.change(f"{', '.join(filled[:-1])}: in the history of {field.name}, before {filled[-1]}")
    _put(taking, spot, field, layers)


def write_text(taking: Taking, spot: Spot, text: str, columns: Sequence[str]) -> None:
    """One text that was made of these columns, or none."""
    field = _field(taking, spot, columns)
    if field is not None:
        _put(taking, spot, field, [text] if text else [])


def _field(taking: Taking, spot: Spot, columns: Sequence[str]) -> Field | None:
    """None, with a conflict for what it would have held, when somebody took it out of the workflow here."""
    known = taking.run.fields or {field.key: field for field in workflow.list_fields(taking.conn)}
    taking.run.fields = known  # once for an import: it is asked for each text
    field = known.get(spot.key)
    if field is None or (field.scope == Scope.SECTION) != (spot.section_id is not None):
        if filled := [column for column in columns if values.text_of(taking.get(column)).text]:
            taking.conflict(
                f"{', '.join(filled)}: there is no field “{spot.key}” here. It is kept with the import's record."
            )
        return None
    return field


def _put(taking: Taking, spot: Spot, field: Field, layers: list[str]) -> None:
    """These texts in their order, as far as the source changed since the last time."""
    if any(_fitting(taking, field, field.name, text) is None for text in layers):
        return
    wanted, known = digest(layers), taking.known.get(spot.key)
    if known is None and not layers:
        return
    if known is not None and known.hash == wanted:
        return
    current = fields.get(taking.conn, post_id=spot.post_id, field_key=spot.key, section_id=spot.section_id).revision
    newest = layers[-1] if layers else ""
    there = current.text if current else ""
    is_ours = current is None or rows.find_origin(taking.conn, noun="revision", noun_id=current.id) is not None
    if not is_ours and there != newest:
        since = "edited here since it was imported" if known else "filled already"
        taking.conflict(f"{field.name} is {since}: nothing was written over it")
        return
    for text in layers if known is None else [newest]:
        current = fields.save(
            taking.conn, actor=taking.run.actor, post_id=spot.post_id, section_id=spot.section_id, field_key=spot.key,
            text=text, base_revision_id=current.id if current else None, origin=Origin.IMPORTED,
        )  # fmt: skip
    if current is not None:
        taking.keep(spot.key, "revision", current.id, wanted)


def _layers(taking: Taking, field: Field, column: str, value: Any) -> list[str]:
    """The text of a column as the field takes it; HTML first as it was. Nothing, with a conflict, for what does not
    fit."""
    if field.kind == FieldKind.LINE:
        read = values.line_of(value)
    elif field.kind == FieldKind.LIST:
        read = values.lines_of(
            value, with_details=field.key not in _WITHOUT_DETAILS, splits_commas=field.key in _BY_COMMAS
        )
    else:
        is_list = field.kind == FieldKind.TEXT and values.is_json_list(value)
        read = values.lines_of(value) if is_list else values.text_of(value)
    text = taking.note(column, read)
    if not text:
        return []
    fitting = _fitting(taking, field, column, text)
    if fitting is None:
        return []
    layers = [fitting]
    if field.kind == FieldKind.MARKDOWN and markup.is_html(text):
        plain = markup.to_markdown(text)
        if plain is None:
            taking.change(f"{column}: its HTML says what Markdown cannot, and stays HTML")
        elif plain and plain != text:
            taking.change(f"{column}: HTML made Markdown; the HTML is the revision before it")
            layers.append(fields.tidy(field, plain))
    return layers


def _fitting(taking: Taking, field: Field, column: str, text: str) -> str | None:
    """The text as the field takes it; None, with a conflict, for what it does not take."""
    try:
        return fields.tidy(field, text)
    except Invalid as error:
        taking.conflict(f"{column}: {error} It is kept with the import's record.")
        return None
