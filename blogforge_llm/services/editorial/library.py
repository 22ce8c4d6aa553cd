"""Libraries of prompts in and out of the database. Importing again changes nothing; what somebody edited since is
theirs unless they choose otherwise. The format is library_document.py, what becomes of an entry library_import.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from blogforge_llm import db
from blogforge_llm.config import ROOT
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.library import Choice, ImportReport, Library
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import actions
from blogforge_llm.services.editorial import library_document as document
from blogforge_llm.services.editorial import library_entries as entries
from blogforge_llm.services.editorial.library_import import Importer
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import parts, templates

STARTER = ROOT / "library" / "editorial.json"
SCHEMA = ROOT / "library" / "library.schema.json"

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


def import_(
    conn: db.Connection, *, actor: User, library: Library, choices: Mapping[str, Choice] | None = None,
    on_conflict: Choice = Choice.KEEP, dry_run: bool = False,
) -> ImportReport:  # fmt: skip
    """Write what is new, and new words over what the library wrote itself and nobody changed. About the rest `choices`
    decide, by the label the report gives, else `on_conflict`. All or nothing; nothing with `dry_run`, whose report is
    that of the real import."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    sql.lock_library(conn)
    report = ImportReport(library.name, is_dry_run=dry_run)
    with conn.transaction(force_rollback=dry_run):
        Importer(conn, actor, report, choices or {}, on_conflict).run(library)
        counts = {fate: len(getattr(report, fate)) for fate in ("created", "updated", "kept")}
        audit.record(conn, actor=actor, action="import", noun="library", noun_id=library.name, after=counts)
    return report


def schema() -> str:
    """The published JSON Schema of the file."""
    return SCHEMA.read_text("utf-8")


def export(conn: db.Connection, *, actor: User) -> Library:
    """Every living part, template and action, in the order in which they were made. Routes stay at home: presets travel
    as the parameters they hold."""
    permissions.require(actor, Permission.READ)
    everything = [*parts.list_(conn, is_archived=True), *parts.list_(conn)]
    names = {part.id: part.name for part in everything}
    living = sorted((part for part in everything if part.archived_at is None), key=lambda part: part.id)
    found = sorted(templates.list_(conn), key=lambda template: template.id)
    blocks = templates.list_blocks(conn, version_ids=[template.version_id for template in found])
    return Library(
        name="BlogForge library",
        description="Prompt parts, templates and actions of one installation.",
        parts=tuple(entries.of_part(part) for part in living),
        templates=tuple(entries.of_template(template, blocks[template.id], names) for template in found),
        actions=tuple(entries.of_action(action) for action in sorted(actions.list_(conn), key=lambda a: a.id)),
    )


def find_first_admin(conn: db.Connection) -> User:
    """On whose behalf the terminal acts. Raises NotFound before the first admin is made."""
    row = sql.get_first_admin(conn)
    if row is None:
        raise NotFound("There is no active admin yet. Make one: blogforge user create EMAIL --role admin")
    return User(**row)
