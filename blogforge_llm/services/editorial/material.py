"""A post as material for prompts: what each of its fields gives to the variable of the same key."""

from __future__ import annotations

from collections.abc import Iterable

from blogforge_llm import db
from blogforge_llm.records.editorial import FieldKind, Value
from blogforge_llm.records.prompts import Variable
from blogforge_llm.services.editorial import fields


def of_post(conn: db.Connection, *, post_id: int, wanted: Iterable[Variable]) -> dict[str, str | list[str]]:
    """The wanted variables that the post can fill; its empty fields fill none. Raises NotFound."""
    values = {value.field.key: value for value in fields.list_values(conn, post_id=post_id)}
    return {v.name: of_value(values[v.name]) for v in wanted if v.name in values and values[v.name].is_filled}


def of_value(value: Value) -> str | list[str]:
    """A list's lines one by one, any other text whole."""
    return value.text.split("\n") if value.field.kind == FieldKind.LIST else value.text
