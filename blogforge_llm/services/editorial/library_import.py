"""One import of a library: what becomes of each entry. What somebody edited or archived here stands in the way of the
entry's words: a conflict, about which somebody may choose. Opening the transaction, and export, are library.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import DomainError, Invalid, Missing, Unfit
from blogforge_llm.records.accounts import User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.library import (
    Choice,
    Conflict,
    ImportReport,
    Library,
    LibraryAction,
    LibraryPart,
    LibraryTemplate,
)
from blogforge_llm.records.prompts import Block, Part, Template
from blogforge_llm.services.editorial import actions
from blogforge_llm.services.editorial import library_document as document
from blogforge_llm.services.editorial import library_entries as entries
from blogforge_llm.services.prompts import parts, templates

_NOTE = "From the library"

sql = db.load("editorial/library")


class Importer:
    """Knows what is there by name, so that entries can refer to each other by theirs."""

    def __init__(
        self, conn: db.Connection, actor: User, report: ImportReport, choices: Mapping[str, Choice], otherwise: Choice
    ) -> None:
        self.conn, self.actor, self.report = conn, actor, report
        self.choices, self.otherwise = choices, otherwise
        known = [*parts.list_(conn, is_archived=True), *parts.list_(conn)]
        self.parts = {part.name.lower(): part for part in known}
        self.part_names = {part.id: part.name for part in known}
        present = [*templates.list_(conn, is_archived=True), *templates.list_(conn)]
        self.templates = {template.name.lower(): template for template in present}
        self.blocks = templates.list_blocks(conn, version_ids=[template.version_id for template in present])
        living = [*actions.list_(conn, is_archived=True), *actions.list_(conn)]
        self.actions = {(action.field_key, action.name.lower()): action for action in living}
        self.fields = {row["key"]: row["id"] for row in sql.list_fields(conn)}

    def run(self, library: Library) -> None:
        for number, part in enumerate(library.parts):
            self._at(f"parts[{number}] “{part.name}”", self._part, part)
        for number, template in enumerate(library.templates):
            self._at(f"templates[{number}] “{template.name}”", self._template, template)
        for number, action in enumerate(library.actions):
            self._at(f"actions[{number}] “{action.name}”", self._action, action)

    def _at(self, place: str, write: Any, entry: Any) -> None:
        try:
            write(entry)
        except DomainError as error:
            kind = Unfit if isinstance(error, (Unfit, Conflict)) else Invalid
            raise kind.field("document", f"This library cannot be imported: {place}: {error}") from error

    def _part(self, entry: LibraryPart) -> None:
        row = self.parts.get(entry.name.lower())
        wanted = document.part_data(entry)
        present = document.part_data(entries.of_part(row)) if row else None
        fate = self._fate(f"Part: {entry.name}", row, wanted, present)
        if fate in ("created", "renamed"):
            name = entry.name if fate == "created" else _free(entry.name, self.parts)
            row = parts.create(self.conn, actor=self.actor, note=_NOTE, **(wanted | {"name": name}))
        elif fate in ("updated", "replaced") and row:
            if row.archived_at is not None:
                parts.unarchive(self.conn, actor=self.actor, part_id=row.id)
            is_free = not parts.list_guarding(self.conn, part_id=row.id)
            row = parts.update(self.conn, actor=self.actor, part_id=row.id, note=_NOTE, publish=is_free, **wanted)
            self._note_proposal(f"Part: {entry.name}", row)
        if row and fate != "kept":
            self.parts[entry.name.lower()] = row  # the library's templates speak this one
            self.part_names[row.id] = row.name
            if fate != "renamed":
                sql.set_part_hash(self.conn, part_id=row.id, library_hash=document.fingerprint(wanted))

    def _template(self, entry: LibraryTemplate) -> None:
        row = self.templates.get(entry.name.lower())
        wanted = document.template_data(entry)
        fate = self._fate(f"Template: {entry.name}", row, self._spoken(wanted), self._present(row))
        values: dict[str, Any] = {"name": entry.name, "description": entry.description, "note": _NOTE}
        if fate in ("created", "renamed"):
            blocks = self._blocks(entry)
            values["name"] = entry.name if fate == "created" else _free(entry.name, self.templates)
            row = templates.create(self.conn, actor=self.actor, blocks=blocks, **values)
        elif fate in ("updated", "replaced") and row:
            if row.archived_at is not None:
                templates.unarchive(self.conn, actor=self.actor, template_id=row.id)
            values |= {"blocks": self._blocks(entry), "publish": not row.needs_approval}
            row = templates.update(self.conn, actor=self.actor, template_id=row.id, **values)
            self._note_proposal(f"Template: {entry.name}", row)
        if row and fate != "kept":
            self.templates[entry.name.lower()] = row
            if fate != "renamed":
                hashed = document.fingerprint(self._spoken(wanted))
                sql.set_template_hash(self.conn, template_id=row.id, library_hash=hashed)

    def _present(self, row: Template | None) -> dict[str, Any] | None:
        if row is None:
            return None
        return document.template_data(entries.of_template(row, self.blocks.get(row.id, ()), self.part_names))

    def _spoken(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """With the names that its parts have here: one may have been taken in under another name."""
        blocks = [
            block | ({"part": self.parts[block["part"].lower()].name} if self._is_here(block) else {})
            for block in wanted["blocks"]
        ]
        return wanted | {"blocks": blocks}

    def _is_here(self, block: Mapping[str, Any]) -> bool:
        return block.get("part", "").lower() in self.parts

    def _blocks(self, entry: LibraryTemplate) -> list[Block]:
        blocks = []
        for number, block in enumerate(entry.blocks):
            part = self.parts.get(block.part.lower()) if block.part is not None else None
            if block.part is not None and part is None:
                raise Missing(f"blocks[{number}]: there is no part “{block.part[:100]}”.")
            part_id = part.id if part else None
            blocks.append(Block(part_id, block.role, block.content, block.is_optional, block.is_enabled))
        return blocks

    def _action(self, entry: LibraryAction) -> None:
        template, field_id = self.templates.get(entry.template.lower()), self.fields.get(entry.field)
        if template is None:
            raise Missing(f"there is no template “{entry.template[:100]}”.")
        if field_id is None:
            raise Missing(f"there is no field “{entry.field[:100]}”.")
        row = self.actions.get((entry.field, entry.name.lower()))
        wanted = document.action_data(replace(entry, template=template.name))
        present = document.action_data(entries.of_action(row)) if row else None
        fate = self._fate(f"Action: {entry.field}, {entry.name}", row, wanted, present)
        values: dict[str, Any] = {"parameters": entry.parameters, "contract": entry.contract}
        values["needs_choice"] = entry.needs_choice
        values |= {"name": entry.name, "template_id": template.id}
        if fate in ("created", "renamed"):
            taken = {name for field, name in self.actions if field == entry.field}
            values["name"] = entry.name if fate == "created" else _free(entry.name, taken)
            is_default = entry.is_default and actions.get_default(self.conn, field_id) is None
            row = actions.create(self.conn, actor=self.actor, field_id=field_id, is_default=is_default, **values)
        elif fate in ("updated", "replaced") and row:
            if row.archived_at is not None:
                actions.unarchive(self.conn, actor=self.actor, action_id=row.id)
            row = actions.update(self.conn, actor=self.actor, action_id=row.id, preset_id=None, **values)
        if row and fate not in ("kept", "renamed"):
            sql.set_action_hash(self.conn, action_id=row.id, library_hash=document.fingerprint(wanted))

    def _fate(
        self, label: str, row: Part | Template | Action | None, wanted: dict[str, Any], present: dict[str, Any] | None
    ) -> str:
        """What happens to an entry; noted in the report."""
        if row is None or present is None:
            fate = "created"
        elif row.archived_at is None and present == wanted:
            fate = "unchanged"
        elif reason := _in_the_way(row, present):
            choice = self.choices.get(label, self.otherwise)
            self.report.conflicts.append(Conflict(label, reason, choice))
            fate = {Choice.KEEP: "kept", Choice.REPLACE: "replaced", Choice.RENAME: "renamed"}[choice]
        else:
            fate = "updated"
        getattr(self.report, fate).append(label)
        return fate

    def _note_proposal(self, label: str, row: Part | Template) -> None:
        if row.waiting_version is not None:
            self.report.proposed.append(label)


def _in_the_way(row: Part | Template | Action, present: dict[str, Any]) -> str | None:
    """Why the library's words must not simply go over what is here; None when it wrote that itself."""
    if row.archived_at is not None:
        return "archived here"
    if not isinstance(row, Action) and row.waiting_version is not None:
        return f"version {row.waiting_version} waits here"
    return None if row.library_hash == document.fingerprint(present) else "edited here"


def _free(name: str, taken: Container[str]) -> str:
    """The name with the first number that nobody has."""
    stem = name[:190]
    return next(each for n in itertools.count(2) if (each := f"{stem} {n}").lower() not in taken)
