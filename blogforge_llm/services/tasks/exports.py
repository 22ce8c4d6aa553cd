"""The tasks of a filter as a file, line by line as it is read: CSV for a spreadsheet, JSON lines for a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any

from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import TaskFilter
from blogforge_llm.services.tasks import log

COLUMNS = (
    "id", "status", "category", "error", "template", "template_version", "action", "post", "model", "provider",
    "asked_by", "created_at", "started_at", "finished_at", "input_tokens", "output_tokens", "cost", "cost_source",
    "rerun_of", "request_id", "parameters", "inputs", "messages", "output",
)  # fmt: skip

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what they begin with, for one spreadsheet or another


class Kind(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"

    @property
    def media_type(self) -> str:
        return "text/csv; charset=utf-8" if self is Kind.CSV else "application/jsonl; charset=utf-8"

    @property
    def file_name(self) -> str:
        return f"tasks.{self.value}"


def kind(name: str) -> Kind:
    """Raises Invalid for what there is not."""
    if name not in set(Kind):
        raise Invalid.field("format", "Tasks are exported as csv or jsonl.")
    return Kind(name)


def stream(kind: Kind, *, actor: User, wanted: TaskFilter) -> Iterator[str]:
    """The first rows are looked for at once, so that what is refused is refused before anything is sent."""
    rows = log.each(actor=actor, wanted=wanted)
    first = [row for row in (next(rows, None),) if row is not None]
    everything = chain(first, rows)
    return _csv_lines(everything) if kind is Kind.CSV else (json_line(row) for row in everything)


def json_line(row: dict[str, Any]) -> str:
    return json.dumps({name: _plain(row[name]) for name in COLUMNS}, ensure_ascii=False) + "\n"


def _csv_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()  # the head alone, if there was no row


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula begins with an apostrophe: a model may have written it."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else _plain(value)
    return f"'{text}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULAS) else text


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | dict | list):
        return value
    return f"{value:f}"  # money: no digit is lost, none is an exponent
