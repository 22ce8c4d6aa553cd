"""Where the variables of a prompt are filled from: a field of the post or of its section by key, or by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.errors import Unfit
from blogforge_llm.records.prompts import Piece
from blogforge_llm.services.prompts import resolver

sql = db.load("prompts/dependents")


@dataclass(frozen=True, slots=True)
class Source:
    """A field whose text fills the variable of its key; `scope` is post or section."""

    key: str
    name: str
    scope: str


def sources(conn: db.Connection) -> dict[str, Source]:
    """By variable. What is not among them is typed, by a person or a program."""
    return {row["key"]: Source(**row) for row in sql.list_field_sources(conn)}


def unfilled(names: Iterable[str], known: dict[str, Source], *, scope: str) -> list[str]:
    """Those that nothing fills when a field of this scope is written."""
    return [name for name in names if name not in known or known[name].scope not in ("post", scope)]


def require_filled(conn: db.Connection, *, pieces: Sequence[Piece], typed: Collection[str]) -> None:
    """Raises Invalid naming every variable, with its block, that neither a field fills nor `typed` names."""
    known = sources(conn)
    errors: dict[str, str] = {}
    for number, piece in enumerate(pieces):
        names = [name for name in resolver.names_of(piece) if name not in known and name not in typed]
        if names and piece.is_enabled:
            marked = " and ".join(f"`{name}`" for name in names)
            field = "content" if piece.part_id is None else "part_id"
            errors[f"blocks.{number}.{field}"] = (
                f"Block {number + 1}, “{piece.source}”: no field fills {marked}. Correct the name, or mark it as typed."
            )
    if errors:
        raise Unfit(" ".join(errors.values()), errors)
