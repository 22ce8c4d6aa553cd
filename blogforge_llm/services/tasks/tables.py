"""Items as tables of text: rows that somebody pasted or uploaded come in as CSV or JSON lines, results go out so."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.batches import Item
from blogforge_llm.services import texts
from blogforge_llm.services.tasks import batches, planning
from blogforge_llm.services.tasks.planning import Row

MAX_TEXT = 8_000_000
COLUMNS = (
    "position",
    "key",
    "status",
    "output",
    "error",
    "served_by",
    "input_tokens",
    "output_tokens",
    "cost",
    "task_id",
)
_KEY = "key"
_PAGE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read(text: str) -> list[Row]:
    """One row for each line of JSON, or of CSV under a line of names. A column "key" names the row. Raises Invalid
    naming the line."""
    text = texts.clean(text, name="rows", label="The rows", max_length=MAX_TEXT).lstrip("\ufeff").strip()
    if not text:
        raise Invalid.field("rows", "There are no rows. Paste CSV with a line of names, or one JSON object per line.")
    found = _json_lines(text) if text.startswith("{") else _csv(text)
    if len(found) > planning.MAX_ITEMS:
        raise Invalid.field("rows", f"A batch takes at most {planning.MAX_ITEMS:,} rows; these are {len(found):,}.")
    return [_row(number, values) for number, values in enumerate(found, 1)]


def as_csv(pages: Iterator[list[Item]]) -> Iterator[str]:
    """Cells that a spreadsheet would take for a formula begin with an apostrophe."""
    yield _line(COLUMNS)
    for page in pages:
        yield "".join(_line(_cells(item)) for item in page)


def as_json_lines(pages: Iterator[list[Item]]) -> Iterator[str]:
    for page in pages:
        yield "".join(json.dumps(_values(item) | {"inputs": item.inputs}, ensure_ascii=False) + "\n" for item in page)


def pages(actor: User, batch_id: int) -> Iterator[list[Item]]:
    """All items, a page at a time, each read on a connection of its own: whoever reads them may be slow."""
    after = 0
    while True:
        with db.connection() as conn:
            page = batches.list_items(conn, actor=actor, batch_id=batch_id, after=after, limit=_PAGE)
        if page:
            yield page
            after = page[-1].position
        if len(page) < _PAGE:
            return


def _json_lines(text: str) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Invalid.field("rows", f"Line {number} is not JSON. Write one object on each line.") from error
        if not isinstance(values, dict):
            raise Invalid.field("rows", f'Line {number} is no JSON object: it must look like {{"name": "text"}}.')
        found.append(values)
    return found


def _csv(text: str) -> list[dict[str, Any]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        names = [name.strip() for name in next(reader)]
        if len(set(names)) < len(names) or not all(names):
            raise Invalid.field("rows", "The first line names the columns: each name once, none empty.")
        found = []
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(names):
                message = f"Line {reader.line_num} has {len(cells)} cells; the first line names {len(names)} columns."
                raise Invalid.field("rows", message)
            found.append(dict(zip(names, cells, strict=True)))
    except csv.Error as error:
        raise Invalid.field("rows", f"Line {reader.line_num} is not CSV: {error}.") from error
    if not found:
        raise Invalid.field("rows", "There is only a line of names. Add a line for each item.")
    return found


def _row(number: int, values: dict[str, Any]) -> Row:
    key = values.pop(_KEY, None)
    if key is not None and not isinstance(key, str | int):
        raise Invalid.field("rows", f"Row {number}: the key must be a text or a number.")
    return Row({str(name): value for name, value in values.items()}, key=str(key) if key not in (None, "") else None)


def _values(item: Item) -> dict[str, Any]:
    values = {name: getattr(item, name, None) for name in COLUMNS}
    return values | {"error": item.error_message, "cost": None if item.cost is None else format(item.cost, "f")}


def _cells(item: Item) -> list[str]:
    cells = ["" if value is None else str(value) for value in _values(item).values()]
    return ["'" + cell if cell.startswith(_FORMULA) else cell for cell in cells]


def _line(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
