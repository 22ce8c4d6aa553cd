"""An import from an original BlogForge: what became of each row of the source, and the report of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    TAKEN = "taken"  # as it was
    CHANGED = "changed"  # taken, after something was decoded, trimmed, renamed
    UNCHANGED = "unchanged"  # an earlier import took it, and the source says the same
    KEPT = "kept"  # the same, and it stays as somebody edited it here
    CONFLICT = "conflict"  # somebody must decide; what is certain of it was taken
    LEFT_OUT = "left_out"  # has no counterpart here


@dataclass(slots=True)
class Entry:
    """One row of the source. `became` names what it is here: “post 7”, “part 12”."""

    row_id: str
    fate: Fate = Fate.TAKEN
    became: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """`rows` is what the source counts. A table that is left out as a whole has a `reason`, and no entries; one that
    may not be read is never accounted for."""

    name: str
    rows: int = 0
    reason: str | None = None
    is_readable: bool = True
    entries: list[Entry] = field(default_factory=list)

    @property
    def fates(self) -> Counter[Fate]:
        if self.reason is not None:
            return Counter({Fate.LEFT_OUT: self.rows})
        return Counter(entry.fate for entry in self.entries)

    @property
    def is_accounted_for(self) -> bool:
        return self.is_readable and self.fates.total() == self.rows


@dataclass(slots=True)
class Report:
    source: str
    is_dry_run: bool
    tables: dict[str, Table] = field(default_factory=dict)

    @property
    def fates(self) -> Counter[Fate]:
        return sum((table.fates for table in self.tables.values()), Counter())

    def as_data(self) -> dict[str, Any]:
        """For a file of JSON."""
        return {
            "source": self.source,
            "dry_run": self.is_dry_run,
            "totals": {fate: self.fates[fate] for fate in Fate},
            "tables": [
                {
                    "table": table.name, "rows": table.rows, "is_readable": table.is_readable, "reason": table.reason,
                    "totals": {fate: table.fates[fate] for fate in Fate},
                    "entries": [asdict(entry) for entry in table.entries],
                }
                for table in self.tables.values()
            ],
        }  # fmt: skip
