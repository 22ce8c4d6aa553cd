"""docs/data-model.md, made from a migrated database and the comments of sql/migrations.

The catalog says what is; the comments say what it means. `python -m tests.docs.data_model` writes the page anew, and
tests/test_docs.py proves that it is up to date.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from blogforge_llm import embedded, migrations
from blogforge_llm.config import ROOT

PAGE = ROOT / "docs" / "data-model.md"

HEAD = """# Data model

PostgreSQL is the only store. Each area below is one migration's subject; its diagram shows the keys (without lines to
who did it), its tables show every column. All SQL is by hand: the schema in `sql/schema.sql` and `sql/migrations`, the
queries in `sql/queries`.

Times are `timestamptz`, money is `numeric` in USD. Where two people may write the same row, the write names what it was
made from (compare-and-set) instead of locking.

After a migration, `python -m tests.docs.data_model` writes this page anew.
"""

_CATALOG = Path(__file__).with_name("catalog.sql")
_TYPES = {"timestamp with time zone": "timestamptz", "character varying": "varchar"}
_ON_DELETE = {"c": ", goes with it", "n": ", emptied when that goes"}
_CAST = re.compile(r"::[a-z ]+(\[\])?")


@dataclass(slots=True)
class Area:
    """One migration: its heading and what its comments say."""

    name: str
    heading: str
    tables: list[str] = field(default_factory=list)

    @property
    def is_copied(self) -> bool:
        """The job queue's tables are another project's: named, not explained."""
        return all(name.startswith("procrastinate_") for name in self.tables)


@dataclass(slots=True)
class Comments:
    """What the migrations say, by table and column or value."""

    areas: list[Area] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], str] = field(default_factory=dict)
    values: dict[tuple[str, str], str] = field(default_factory=dict)


def page(url: str) -> str:
    """The whole page, from the database at `url`."""
    with psycopg.connect(url, row_factory=dict_row) as conn:
        tables = {row["table_name"]: row for row in conn.execute(_CATALOG.read_bytes())}
    comments = _read_comments()
    parts = [HEAD, _contents(comments)]
    for area in comments.areas:
        parts += _area(area, tables, comments)
    return "\n".join(parts)


def _read_comments() -> Comments:
    comments = Comments()
    for path in sorted((ROOT / "sql" / "migrations").glob("*.sql")):
        lines = path.read_text().splitlines()
        heading = " ".join(line.removeprefix("-- ") for line in _leading_comment(lines))
        area = Area(path.stem.split("_", 1)[1].replace("_", " "), heading)
        _read_file(lines, area, comments)
        if area.tables:
            comments.areas.append(area)
    comments.areas.sort(key=lambda area: area.is_copied)
    return comments


def _leading_comment(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("-- "):
            return
        yield line


def _read_file(lines: list[str], area: Area, comments: Comments) -> None:
    table = ""
    above: list[str] = []
    for line in lines:
        code, _, comment = (text.strip() for text in line.partition("--"))
        if found := re.match(r"(CREATE(?: UNLOGGED)? TABLE|ALTER TABLE) (\w+)", code):
            table = found[2]
            if found[1] != "ALTER TABLE":
                area.tables.append(table)
                comments.tables[table] = " ".join(above)
        elif comment and (found := re.match(r"'(\w+)'", code)):
            comments.values[table, found[1]] = comment
        elif comment and (found := re.match(r"(?:ADD COLUMN )?(\w+) ", code)):
            comments.columns[table, found[1]] = comment
        above = [*above, comment] if comment and not code else []


def _contents(comments: Comments) -> str:
    rows = []
    for area in comments.areas:
        links = " · ".join(f"[{name}](#{name})" for name in area.tables)
        rows.append(f"| [{area.name}](#area-{area.name.replace(' ', '-')}) | {links} |")
    return "\n".join(["| area | tables |", "|---|---|", *rows, ""])


def _area(area: Area, tables: dict[str, Any], comments: Comments) -> Iterator[str]:
    yield f"## Area: {area.name}\n\n{area.heading}\n"
    if not area.is_copied:
        yield _diagram([tables[name] for name in area.tables])
    for name in area.tables:
        yield _names(tables[name]) if area.is_copied else _table(tables[name], comments)


def _diagram(tables: list[dict[str, Any]]) -> str:
    """Keys only; every column stands in the tables below it."""
    lines = ["```mermaid", "erDiagram"]
    for table in tables:
        for key in table["foreign_keys"]:
            if key["target"] == "users" and key["on_delete"] == "n":
                continue  # who did it: lines without end
            many = "o|" if key["is_unique"] else "o{"
            one = "|o" if key["is_nullable"] else "||"
            lines.append(f'    {key["target"]} {one}--{many} {table["table_name"]} : "{key["column"]}"')
    for table in tables:
        lines.append(f"    {table['table_name']} {{")
        for column in table["columns"]:
            if marks := _marks(table, column["name"]):
                lines.append(f"        {column['type'].split('(')[0].replace(' ', '_')} {column['name']} {marks}")
        lines.append("    }")
    return "\n".join([*lines, "```", ""])


def _marks(table: dict[str, Any], column: str) -> str:
    marks = {
        "PK": column in table["primary_key"],
        "FK": any(key["column"] == column for key in table["foreign_keys"]),
        "UK": column in table["unique_columns"],
    }
    return ", ".join(mark for mark, applies in marks.items() if applies)


def _names(table: dict[str, Any]) -> str:
    names = ", ".join(f"`{column['name']}`" for column in table["columns"])
    return f"### {table['table_name']}\n\n{names}\n"


def _table(table: dict[str, Any], comments: Comments) -> str:
    name = table["table_name"]
    lines = [f"### {name}\n"]
    if text := comments.tables[name]:
        lines.append(f"{text}\n")
    lines += ["| column | type | null | meaning |", "|---|---|---|---|"]
    for column in table["columns"]:
        kind = re.sub(r"^(timestamp with time zone|character varying)", lambda m: _TYPES[m[0]], column["type"])
        null = "yes" if column["is_nullable"] else ""
        lines.append(f"| `{column['name']}` | {kind} | {null} | {_meaning(table, column, comments)} |")
    if table["indexes"]:
        lines.append("")
    lines += [f"- `{index['name']}`: {index['definition']}" for index in table["indexes"]]
    return "\n".join([*lines, ""])


def _meaning(table: dict[str, Any], column: dict[str, Any], comments: Comments) -> str:
    name = table["table_name"]
    said = [comments.columns.get((name, column["name"]), "")]
    for key in table["foreign_keys"]:
        if key["column"] == column["name"]:
            said.append(f"→ [{key['target']}](#{key['target']}){_ON_DELETE.get(key['on_delete'], '')}")
    for value in column["values"]:
        comment = comments.values.get((name, value))
        said.append(f"`{value}`: {comment}" if comment else f"`{value}`")
    if column["is_computed"]:
        said.append("computed")
    elif column["default"]:
        said.append(f"default {_CAST.sub('', column['default'])}")
    return "<br>".join(text.replace("|", "\\|") for text in said if text)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cluster = embedded.Cluster(Path(folder))
        try:
            migrations.apply(cluster.start())
            PAGE.write_text(page(cluster.url))
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
