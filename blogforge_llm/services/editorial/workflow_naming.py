"""Which prompts name a field: its key is the variable that its text fills."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.records.prompts import Template
from blogforge_llm.services.prompts import resolver, templates

sql = db.load("editorial/workflow")


@dataclass(frozen=True, slots=True)
class Naming:
    """A template whose words in use name some of the fields."""

    template: Template
    keys: list[str]


def templates_naming(conn: db.Connection, keys: Collection[str]) -> list[Naming]:
    """The living ones, by name. Few reads, however many there are."""
    living = templates.list_(conn)
    pieces = resolver.list_pieces_of(conn, [template.version_id for template in living])
    found = []
    for template in living:
        named = [variable.name for variable in resolver.variables_of(pieces[template.version_id])]
        if own := [name for name in named if name in keys]:
            found.append(Naming(template, own))
    return found


def still_asking(conn: db.Connection, keys: Collection[str], *, leaving: Collection[int]) -> list[Naming]:
    """Those that would still be asked with once the fields `leaving` (ids) are archived: any but what only their own
    actions, or those of fields that are archived already, ask with."""
    asking: dict[int, bool] = {}
    for row in sql.list_asking(conn):
        goes_on = row["is_living"] and row["field_id"] not in leaving
        asking[row["template_id"]] = asking.get(row["template_id"], False) or goes_on
    return [naming for naming in templates_naming(conn, keys) if asking.get(naming.template.id, True)]
