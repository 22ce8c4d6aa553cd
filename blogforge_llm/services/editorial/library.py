"""Libraries of prompts in and out of the database. Importing again changes nothing, and never what somebody edited
since. The file's format is library_document.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blogforge_llm import db
from blogforge_llm.config import ROOT
from blogforge_llm.errors import DomainError, Invalid, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.library import (
    ImportReport,
    Library,
    LibraryAction,
    LibraryBlock,
    LibraryPart,
    LibraryTemplate,
)
from blogforge_llm.records.prompts import Block, Part, Template
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import actions
from blogforge_llm.services.editorial import library_document as document
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import parts, templates

STARTER = ROOT / "library" / "editorial.json"
_NOTE = "From the library"

sql = db.load("editorial/library")


def starter() -> Library:
    """The one that comes with the product; read only when somebody asks to import it."""
    return load(STARTER)


def load(path: Path) -> Library:
    """Raises NotFound, and Invalid naming the place of a mistake."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotFound(f"The file {path} cannot be read: {error.strerror}.") from error
    return document.read(content)


def import_(conn: db.Connection, *, actor: User, library: Library) -> ImportReport:
    """Write what is new, and new words over what the library wrote itself and nobody changed. All or nothing."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    sql.lock_library(conn)
    report = ImportReport(library.name)
    _Importer(conn, actor, report).run(library)
    counts = {fate: len(getattr(report, fate)) for fate in ("created", "updated", "kept")}
    audit.record(conn, actor=actor, action="import", noun="library", noun_id=library.name, after=counts)
    return report


def export(conn: db.Connection, *, actor: User) -> Library:
    """Every living part, template and action, in the order in which they were made. Routes stay at home: presets travel
    as the parameters they hold."""
    permissions.require(actor, Permission.READ)
    everything = [*parts.list_(conn, is_archived=True), *parts.list_(conn)]
    names = {part.id: part.name for part in everything}
    living = sorted((part for part in everything if part.archived_at is None), key=lambda part: part.id)
    return Library(
        name="BlogForge library",
        description="Prompt parts, templates and actions of one installation.",
        parts=tuple(_part_entry(part) for part in living),
        templates=tuple(
            _template_entry(conn, template, names) for template in sorted(templates.list_(conn), key=lambda t: t.id)
        ),
        actions=tuple(_action_entry(action) for action in sorted(actions.list_(conn), key=lambda a: a.id)),
    )


def find_first_admin(conn: db.Connection) -> User:
    """On whose behalf the terminal acts. Raises NotFound before the first admin is made."""
    row = sql.get_first_admin(conn)
    if row is None:
        raise NotFound("There is no active admin yet. Make one: blogforge user create EMAIL --role admin")
    return User(**row)


class _Importer:
    """One import: knows what is there by name, so that entries can refer to each other by theirs."""

    def __init__(self, conn: db.Connection, actor: User, report: ImportReport) -> None:
        self.conn, self.actor, self.report = conn, actor, report
        living = [*parts.list_(conn, is_archived=True), *parts.list_(conn)]
        self.parts = {part.name.lower(): part for part in living}
        self.part_names = {part.id: part.name for part in living}
        self.templates = {
            template.name.lower(): template
            for template in [*templates.list_(conn, is_archived=True), *templates.list_(conn)]
        }
        self.actions = {
            (action.field_key, action.name.lower()): action
            for action in [*actions.list_(conn, is_archived=True), *actions.list_(conn)]
        }
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
            raise Invalid.field("document", f"This library cannot be imported: {place}: {error}") from error

    def _part(self, entry: LibraryPart) -> None:
        row = self.parts.get(entry.name.lower())
        wanted = document.part_data(entry)
        fate = self._fate(f"Part: {entry.name}", row, wanted, document.part_data(_part_entry(row)) if row else None)
        if fate == "created":
            row = parts.create(self.conn, actor=self.actor, note=_NOTE, **wanted)
        elif fate == "updated" and row:
            row = parts.update(self.conn, actor=self.actor, part_id=row.id, note=_NOTE, **wanted)
        if row and fate != "kept":
            self.parts[entry.name.lower()] = row
            self.part_names[row.id] = row.name
            sql.set_part_hash(self.conn, part_id=row.id, library_hash=document.fingerprint(wanted))

    def _template(self, entry: LibraryTemplate) -> None:
        row = self.templates.get(entry.name.lower())
        wanted = document.template_data(entry)
        present = document.template_data(_template_entry(self.conn, row, self.part_names)) if row else None
        fate = self._fate(f"Template: {entry.name}", row, wanted, present)
        values: dict[str, Any] = {"name": entry.name, "description": entry.description, "note": _NOTE}
        if fate == "created":
            blocks = self._blocks(entry)
            row = templates.create(self.conn, actor=self.actor, blocks=blocks, **values)
        elif fate == "updated" and row:
            blocks = self._blocks(entry)
            row = templates.update(self.conn, actor=self.actor, template_id=row.id, blocks=blocks, **values)
        if row and fate != "kept":
            self.templates[entry.name.lower()] = row
            sql.set_template_hash(self.conn, template_id=row.id, library_hash=document.fingerprint(wanted))

    def _blocks(self, entry: LibraryTemplate) -> list[Block]:
        blocks = []
        for number, block in enumerate(entry.blocks):
            part = self.parts.get(block.part.lower()) if block.part is not None else None
            if block.part is not None and part is None:
                raise Invalid(f"blocks[{number}]: there is no part “{block.part[:100]}”.")
            part_id = part.id if part else None
            blocks.append(Block(part_id, block.role, block.content, block.is_optional, block.is_enabled))
        return blocks

    def _action(self, entry: LibraryAction) -> None:
        template, field_id = self.templates.get(entry.template.lower()), self.fields.get(entry.field)
        if template is None:
            raise Invalid(f"there is no template “{entry.template[:100]}”.")
        if field_id is None:
            raise Invalid(f"there is no field “{entry.field[:100]}”.")
        row = self.actions.get((entry.field, entry.name.lower()))
        wanted = document.action_data(entry)
        present = document.action_data(_action_entry(row)) if row else None
        fate = self._fate(f"Action: {entry.field}, {entry.name}", row, wanted, present)
        values: dict[str, Any] = {"parameters": entry.parameters, "contract": entry.contract}
        values |= {"name": entry.name, "template_id": template.id}
        if fate == "created":
            is_default = entry.is_default and actions.get_default(self.conn, field_id) is None
            row = actions.create(self.conn, actor=self.actor, field_id=field_id, is_default=is_default, **values)
        elif fate == "updated" and row:
            row = actions.update(self.conn, actor=self.actor, action_id=row.id, preset_id=None, **values)
        if row and fate != "kept":
            sql.set_action_hash(self.conn, action_id=row.id, library_hash=document.fingerprint(wanted))

    def _fate(
        self, label: str, row: Part | Template | Action | None, wanted: dict[str, Any], present: dict[str, Any] | None
    ) -> str:
        """What happens to an entry; noted in the report."""
        if row is None or present is None:
            fate = "created"
        elif row.archived_at is not None:
            fate = "kept"
        elif present == wanted:
            fate = "unchanged"
        elif row.library_hash == document.fingerprint(present) and not _has_draft(row):
            fate = "updated"
        else:
            fate = "kept"
        getattr(self.report, fate).append(label)
        return fate


def _has_draft(row: Part | Template | Action) -> bool:
    """Whether words newer than those in use wait to be published: an edit too."""
    return not isinstance(row, Action) and row.latest_version > row.version


def _part_entry(part: Part) -> LibraryPart:
    return LibraryPart(
        part.name, part.kind, part.role, part.content, part.description, part.tags, part.position,
        part.variable, part.label, part.fence,
    )  # fmt: skip


def _template_entry(conn: db.Connection, template: Template, part_names: dict[int, str]) -> LibraryTemplate:
    version = templates.get_version(conn, template_id=template.id, number=template.version)
    blocks = tuple(
        LibraryBlock(
            None if block.part_id is None else part_names[block.part_id], block.role, block.content,
            block.is_optional, block.is_enabled,
        )
        for block in version.blocks
    )  # fmt: skip
    return LibraryTemplate(template.name, template.description, blocks)


def _action_entry(action: Action) -> LibraryAction:
    parameters = action.preset_parameters | action.parameters
    return LibraryAction(
        action.field_key, action.name, action.template_name, parameters, action.contract, action.is_default
    )
