"""What tables and columns the source has, and which of two tables of one name is meant. Reading them is source.py."""

from __future__ import annotations

import codecs
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql as composed

from blogforge_llm import db
from blogforge_llm.errors import Invalid

sql = db.load("legacy/source")

TAKEN = frozenset({
    "llm_provider", "llm_config", "llm_model", "llm_prompt_part", "llm_prompt", "llm_action", "llm_action_history",
    "llm_interaction", "post", "post_development", "post_section", "post_section_elements", "post_substage_action",
    "post_workflow_step_action", "substage_action_default",
})  # fmt: skip
"""Tables whose rows are taken one by one; the rest is left out as a whole."""


class Quoted(composed.Composable):
    """A name as the server wrote it: a database without an encoding may hold any bytes in one."""

    def __init__(self, *names: str | bytes) -> None:
        super().__init__(names)

    def as_bytes(self, context: Any = None) -> bytes:
        names = [name.encode() if isinstance(name, str) else name for name in self._obj]
        return b".".join(b'"' + name.replace(b'"', b'""') + b'"' for name in names)


@dataclass(slots=True)
class Listed:
    """One table; `columns` are its types by name. Rows of a partitioned one are in its partitions."""

    name: Quoted
    is_readable: bool
    is_partitioned: bool
    columns: dict[str, str] = field(default_factory=dict)
    quoted: dict[str, Quoted] = field(default_factory=dict)

    @property
    def rows(self) -> composed.Composable:
        """What to select from."""
        return self.name if self.is_partitioned else composed.SQL("ONLY {}").format(self.name)


Catalog = dict[str, Listed]


def read(conn: Any) -> Catalog:
    """Tables by name. A name of several schemas is the one that the source's search path finds, or if that leads to no
    table of ours, the one of the schema that has most of them; the others are “schema.table”. Raises Invalid for a
    table of ours that may not be read."""
    found = [{key: text(value) for key, value in row.items()} | {"raw": row} for row in sql.list_columns(conn)]
    home = _home(found)
    catalog: Catalog = {}
    for (schema, table), rows in itertools.groupby(found, key=lambda row: (row["schema"], row["table"])):
        columns = list(rows)
        first = columns[0]
        is_plain = (first["place"] is not None if home is None else schema == home) and table not in catalog
        listed = Listed(
            Quoted(first["raw"]["schema"], first["raw"]["table"]), first["is_readable"], first["is_partitioned"]
        )
        for row in columns:
            if row["column"] is not None:
                listed.columns[row["column"]] = row["type"]
                listed.quoted[row["column"]] = Quoted(row["raw"]["column"])
        name = table if is_plain else f"{schema}.{table}"
        if name in TAKEN and not listed.is_readable:
            raise Invalid(f"The table {name} cannot be read. GRANT SELECT on it to this user, then try again.")
        catalog[name] = listed
    return catalog


def text(value: Any) -> Any:
    """Bytes come from a database without an encoding: UTF-8 as far as they are, else what Windows wrote."""
    return value.decode("utf-8", _WINDOWS) if isinstance(value, bytes) else value


def _home(found: Sequence[Mapping[str, Any]]) -> str | None:
    """The schema to read when the search path leads to no table of ours."""
    ours = {(row["schema"], row["table"]): row["place"] for row in found if row["table"] in TAKEN}
    if not ours or any(place is not None for place in ours.values()):
        return None
    counts = Counter(schema for schema, _ in ours)
    return str(max(sorted(counts), key=lambda schema: counts[schema]))


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_WINDOWS = "blogforge_windows"
codecs.register_error(_WINDOWS, _as_windows)
