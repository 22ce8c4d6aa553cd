"""Templates: ordered blocks, each a part or a message of its own. Other blocks make a new version; name and description
are simply changed. What they become is resolver.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.prompts import Block, MessageRole, Template, TemplateVersion, Usage
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import approvals, dependents, resolver, variables, wording
from blogforge_llm.services.prompts import blocks as block_rules

sql = db.load("prompts/templates")

_TOLD = ("name", "description", "version", "latest_version")


def create(
    conn: db.Connection, *, actor: User, name: str, blocks: Sequence[Block], description: str = "", note: str = "",
    typed: Collection[str] | None = None, needs_approval: bool = False,
) -> Template:  # fmt: skip
    """A template with its version 1, published. When `typed` names the variables that somebody types, any other that no
    field fills is refused. Raises Invalid, and Conflict when the name is taken."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    about, checked = _about(name, description), block_rules.check(blocks)
    with _unique_name(conn, about["name"]):
        template_id: int = sql.create_template(conn, **about, created_by=actor.id)
    number = _add(conn, template_id, checked, note=note, actor=actor, typed=typed)
    _point(conn, template_id, get_version(conn, template_id=template_id, number=number), actor)
    made = set_approval(conn, actor=actor, template_id=template_id, needs_approval=needs_approval)
    audit.record(
        conn, actor=actor, action="create", noun="template", noun_id=template_id, detail=made.name, after=_told(made)
    )
    return made


def get(conn: db.Connection, *, template_id: int) -> Template:
    """Archived ones too: tasks still name them."""
    row = sql.get_template(conn, template_id=template_id)
    if row is None:
        raise NotFound("There is no such template.")
    return Template(**row)


def require_living(conn: db.Connection, *, template_id: int) -> Template:
    """Raises NotFound, and Conflict for an archived one: nothing can be asked with it."""
    template = get(conn, template_id=template_id)
    if template.archived_at is not None:
        raise Conflict(f"The template “{template.name}” is archived. Bring it back, or use another one.")
    return template


def list_(
    conn: db.Connection, *, q: str = "", is_archived: bool = False, limit: int | None = None, offset: int = 0
) -> list[Template]:
    """By name."""
    pattern = texts.pattern(q)
    found = sql.list_templates(conn, pattern=pattern, is_archived=is_archived, limit=limit, offset=offset)
    return [Template(**row) for row in found]


def list_names(conn: db.Connection) -> list[tuple[int, str]]:
    """Id and name of those in use, for choosing one."""
    return [(row["id"], row["name"]) for row in sql.list_names(conn)]


def count(conn: db.Connection, *, q: str = "", is_archived: bool = False) -> int:
    number: int = sql.count_templates(conn, pattern=texts.pattern(q), is_archived=is_archived)
    return number


def update(
    conn: db.Connection, *, actor: User, template_id: int, name: str | None = None, description: str | None = None,
    blocks: Sequence[Block] | None = None, publish: bool = True, base: int | None = None, note: str = "",
    typed: Collection[str] | None = None, needs_approval: bool | None = None,
) -> Template:  # fmt: skip
    """Change what is given; other blocks make a new version. Raises Conflict when `base`, the newest version its author
    saw, is no longer the newest."""
    template = _locked(conn, actor, template_id)
    about = _about(
        template.name if name is None else name, template.description if description is None else description
    )
    if blocks is not None:
        checked = block_rules.check(blocks)
        if checked != get_version(conn, template_id=template_id, number=template.version).blocks:
            _require_newest(template, base)
            _write(conn, template, checked, note=note, publish=publish, actor=actor, typed=typed)
    if about != {"name": template.name, "description": template.description}:
        with _unique_name(conn, about["name"]):
            sql.update_template(conn, template_id=template_id, **about)
    if needs_approval is not None:
        set_approval(conn, actor=actor, template_id=template_id, needs_approval=needs_approval)
    return _logged(conn, actor, "update", template)


def add_version(
    conn: db.Connection, *, actor: User, template_id: int, blocks: Sequence[Block], note: str = "",
    publish: bool = False, typed: Collection[str] | None = None,
) -> tuple[TemplateVersion, bool]:  # fmt: skip
    """A version with other blocks, and whether it is new: the same blocks make none, and the version that has them is
    returned."""
    template = _locked(conn, actor, template_id)
    checked = block_rules.check(blocks)
    number = _write(conn, template, checked, note=note, publish=publish, actor=actor, typed=typed)
    return get_version(conn, template_id=template_id, number=number), number > template.latest_version


def publish(conn: db.Connection, *, actor: User, template_id: int, number: int) -> Template:
    """From now on this version is asked with, a newer or an older one. Raises Forbidden for its own author where a
    second person is needed, and Conflict naming an archived part in it or the action it would break."""
    template = _locked(conn, actor, template_id)
    version = get_version(conn, template_id=template_id, number=number)
    _require_publishable(conn, template, version, actor)
    _publish(conn, template_id, version, actor)
    return get(conn, template_id=template_id)


def decline(conn: db.Connection, *, actor: User, template_id: int, number: int) -> Template:
    """A version that waits is not wanted; it stays in the history. Raises Conflict for any other version."""
    template = _locked(conn, actor, template_id)
    version = get_version(conn, template_id=template_id, number=number)
    if template.waiting_version != number:
        raise Conflict(f"Version {number} does not wait to be published.")
    sql.mark_declined(conn, version_id=version.id)
    _record(conn, actor, "decline", template, f"version {number}")
    return get(conn, template_id=template_id)


def set_approval(conn: db.Connection, *, actor: User, template_id: int, needs_approval: bool) -> Template:
    """Whether a second person must publish its versions, and those of its parts. Raises Conflict when it is switched
    off while a proposal waits: that must be decided first."""
    template = _locked(conn, actor, template_id)
    if template.needs_approval and not needs_approval and template.waiting_version is not None:
        raise Conflict(f"Version {template.waiting_version} waits to be approved. Publish or decline it first.")
    if template.needs_approval != needs_approval:
        sql.set_approval(conn, template_id=template_id, needs_approval=needs_approval)
        _record(conn, actor, "require approval" if needs_approval else "stop requiring approval", template, "")
    return get(conn, template_id=template_id)


def list_versions(
    conn: db.Connection, *, template_id: int, limit: int | None = None, offset: int = 0
) -> list[TemplateVersion]:
    """The newest first, with their blocks."""
    rows = list(sql.list_versions(conn, template_id=template_id, limit=limit, offset=offset))
    return _with_blocks(conn, [TemplateVersion(**row) for row in rows])


def count_versions(conn: db.Connection, *, template_id: int) -> int:
    number: int = sql.count_versions(conn, template_id=template_id)
    return number


def get_version(conn: db.Connection, *, template_id: int, number: int) -> TemplateVersion:
    row = sql.get_version(conn, template_id=template_id, number=min(number, 2**31 - 1))
    if row is None:
        raise NotFound("The template has no such version.")
    return _with_blocks(conn, [TemplateVersion(**row)])[0]


def list_blocks(conn: db.Connection, *, version_ids: Sequence[int]) -> dict[int, tuple[Block, ...]]:
    """The blocks of several versions, by the template's id; for one version of each."""
    blocks: dict[int, list[Block]] = {}
    owners = {row["id"]: row["template_id"] for row in sql.list_owners(conn, version_ids=list(version_ids))}
    for row in sql.list_blocks(conn, version_ids=list(version_ids)):
        role = MessageRole(row["role"]) if row["role"] else None
        blocks.setdefault(owners[row.pop("template_version_id")], []).append(Block(**{**row, "role": role}))
    return {template_id: tuple(found) for template_id, found in blocks.items()}


def list_usages(conn: db.Connection, *, template_id: int) -> list[Usage]:
    """The actions that ask with it."""
    return [Usage(**row) for row in sql.list_users_of_template(conn, template_id=template_id)]


def archive(conn: db.Connection, *, actor: User, template_id: int) -> Template:
    """Put it away. Raises Conflict naming the actions that still use it."""
    template = _locked(conn, actor, template_id)
    if usages := list_usages(conn, template_id=template_id):
        names = wording.listed([usage.name for usage in usages])
        raise Conflict(
            f"This template is used by the action {names}. Give it another template, or archive it first.",
            current={"used_by": [asdict(usage) for usage in usages]},
        )
    sql.set_archived(conn, template_id=template_id, is_archived=True)
    return _logged(conn, actor, "archive", template)


def unarchive(conn: db.Connection, *, actor: User, template_id: int) -> Template:
    """Bring it back. Raises Conflict when its name was taken meanwhile, or a part of it is archived."""
    template = _locked(conn, actor, template_id)
    version = get_version(conn, template_id=template_id, number=template.version)
    _require_living_parts(conn, version.blocks)
    with _unique_name(conn, template.name):
        sql.set_archived(conn, template_id=template_id, is_archived=False)
    return _logged(conn, actor, "unarchive", template)


def _logged(conn: db.Connection, actor: User, action: str, before: Template) -> Template:
    """The template as it is now, and what that changed in the log; its words are in the versions."""
    after = get(conn, template_id=before.id)
    told = _told(before), _told(after)
    if told[0] != told[1] or action != "update":
        audit.record(
            conn, actor=actor, action=action, noun="template", noun_id=before.id, detail=before.name, before=told[0],
            after=told[1],
        )  # fmt: skip
    return after


def _told(row: Template) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _TOLD}


def _locked(conn: db.Connection, actor: User, template_id: int) -> Template:
    permissions.require(actor, Permission.KEEP_PROMPTS)
    sql.lock_template(conn, template_id=template_id)
    return get(conn, template_id=template_id)


def _require_newest(template: Template, base: int | None) -> None:
    if base is not None and base != template.latest_version:
        raise Conflict(
            f"Somebody saved version {template.latest_version} meanwhile. Compare it with yours in the history, "
            "then save again.",
            current={"latest_version": template.latest_version},
        )


def _require_living_parts(conn: db.Connection, blocks: Sequence[Block]) -> None:
    ids = sorted({block.part_id for block in blocks if block.part_id is not None})
    archived = [row["name"] for row in sql.lock_parts(conn, part_ids=ids) if row["is_archived"]]
    if archived:
        names = ", ".join(f"“{name}”" for name in archived)
        raise Conflict(f"It uses {names}, which is archived. Bring that back, or take it out.")


def _require_publishable(conn: db.Connection, template: Template, version: TemplateVersion, actor: User) -> None:
    approvals.require_other(version, actor=actor, guarding=_guarding(template))
    _require_living_parts(conn, version.blocks)
    pieces = resolver.list_pieces(conn, version.id)
    if problems := dependents.problems_of_template(conn, template_id=template.id, pieces=pieces):
        raise Conflict(f"Version {version.number} cannot be used. {' '.join(problems)}")


def _write(
    conn: db.Connection, template: Template, blocks: tuple[Block, ...], *, note: str, publish: bool, actor: User,
    typed: Collection[str] | None,
) -> int:  # fmt: skip
    """The number of the version with these blocks: the published or the newest one if it has them, else a new one."""
    version = get_version(conn, template_id=template.id, number=template.version)
    if blocks == version.blocks:
        return version.number
    version = get_version(conn, template_id=template.id, number=template.latest_version)
    if blocks != version.blocks:
        if publish:
            approvals.require_none(_guarding(template))
        number = _add(conn, template.id, blocks, note=note, actor=actor, typed=typed)
        version = get_version(conn, template_id=template.id, number=number)
    if publish:
        _require_publishable(conn, template, version, actor)
        _publish(conn, template.id, version, actor)
    return version.number


def _add(
    conn: db.Connection, template_id: int, blocks: tuple[Block, ...], *, note: str, actor: User,
    typed: Collection[str] | None,
) -> int:  # fmt: skip
    note = texts.clean(note, name="note", label="Note", max_length=500).strip()
    _require_living_parts(conn, blocks)
    pieces = resolver.pieces_of(conn, blocks)
    block_rules.require_message(pieces)
    if typed is not None:
        variables.require_filled(conn, pieces=pieces, typed=typed)
    row = sql.create_version(conn, template_id=template_id, note=note, created_by=actor.id)
    rows = [
        {
            "position": position, "part_id": block.part_id, "role": block.role, "content": block.content,
            "is_optional": block.is_optional, "is_enabled": block.is_enabled,
        }
        for position, block in enumerate(blocks)
    ]  # fmt: skip
    sql.create_blocks(conn, version_id=row["id"], blocks=Jsonb(rows))
    number: int = row["number"]
    return number


def _point(conn: db.Connection, template_id: int, version: TemplateVersion, actor: User) -> None:
    sql.publish_version(conn, template_id=template_id, version_id=version.id)
    sql.mark_published(conn, version_id=version.id, user_id=actor.id)


def _publish(conn: db.Connection, template_id: int, version: TemplateVersion, actor: User) -> None:
    _point(conn, template_id, version, actor)
    _record(conn, actor, "publish", get(conn, template_id=template_id), f"version {version.number}")


def _guarding(template: Template) -> list[str]:
    return [template.name] if template.needs_approval else []


def _record(conn: db.Connection, actor: User, action: str, template: Template, detail: str) -> None:
    said = ", ".join(filter(None, (template.name, detail)))
    audit.record(conn, actor=actor, action=action, noun="template", noun_id=str(template.id), detail=said)


def _with_blocks(conn: db.Connection, versions: list[TemplateVersion]) -> list[TemplateVersion]:
    blocks: dict[int, list[Block]] = {version.id: [] for version in versions}
    for row in sql.list_blocks(conn, version_ids=list(blocks)):
        role = MessageRole(row["role"]) if row["role"] else None
        blocks[row.pop("template_version_id")].append(Block(**{**row, "role": role}))
    return [replace(version, blocks=tuple(blocks[version.id])) for version in versions]


def _about(name: str, description: str) -> dict[str, Any]:
    return {
        "name": texts.line(name, name="name", label="Name"),
        "description": texts.clean(description, name="description", label="Description", max_length=2000).strip(),
    }


def _unique_name(conn: db.Connection, name: str) -> AbstractContextManager[None]:
    message = f"There is already a template called “{name}”. Choose another name."
    return uniqueness.guard(conn, constraint="templates_name_key", message=message)
