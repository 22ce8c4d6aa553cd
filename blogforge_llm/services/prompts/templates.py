"""Templates: ordered blocks, each a part or a message of its own. Other blocks make a new version; name and description
are simply changed. What they become is resolver.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.prompts import Block, MessageRole, Template, TemplateVersion, Usage
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import blocks as block_rules
from blogforge_llm.services.prompts import resolver

sql = db.load("prompts/templates")

_TOLD = ("name", "description", "version", "latest_version")


def create(
    conn: db.Connection, *, actor: User, name: str, blocks: Sequence[Block], description: str = "", note: str = ""
) -> Template:
    """A template with its version 1, published. Raises Invalid, and Conflict when the name is taken."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    about, checked = _about(name, description), block_rules.check(blocks)
    with _unique_name(conn, about["name"]):
        template_id: int = sql.create_template(conn, **about, created_by=actor.id)
    _publish(conn, template_id, _add(conn, template_id, checked, note=note, actor=actor))
    made = get(conn, template_id=template_id)
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


def count(conn: db.Connection, *, q: str = "", is_archived: bool = False) -> int:
    number: int = sql.count_templates(conn, pattern=texts.pattern(q), is_archived=is_archived)
    return number


def update(
    conn: db.Connection, *, actor: User, template_id: int, name: str | None = None, description: str | None = None,
    blocks: Sequence[Block] | None = None, publish: bool = True, base: int | None = None, note: str = "",
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
            _write(conn, template, checked, note=note, publish=publish, actor=actor)
    if about != {"name": template.name, "description": template.description}:
        with _unique_name(conn, about["name"]):
            sql.update_template(conn, template_id=template_id, **about)
    return _logged(conn, actor, "update", template)


def add_version(
    conn: db.Connection, *, actor: User, template_id: int, blocks: Sequence[Block], note: str = "",
    publish: bool = False,
) -> tuple[TemplateVersion, bool]:  # fmt: skip
    """A version with other blocks, and whether it is new: the same blocks make none, and the version that has them is
    returned."""
    template = _locked(conn, actor, template_id)
    number = _write(conn, template, block_rules.check(blocks), note=note, publish=publish, actor=actor)
    return get_version(conn, template_id=template_id, number=number), number > template.latest_version


def publish(conn: db.Connection, *, actor: User, template_id: int, number: int) -> Template:
    """From now on this version is asked with. Raises Conflict naming an archived part in it."""
    template = _locked(conn, actor, template_id)
    version = get_version(conn, template_id=template_id, number=number)
    _require_living_parts(conn, version.blocks)
    _publish(conn, template_id, version.id)
    return _logged(conn, actor, "publish", template)


def restore(conn: db.Connection, *, actor: User, template_id: int, number: int) -> Template:
    """Publish the blocks of an old version again, as a new one: the history only grows."""
    template = _locked(conn, actor, template_id)
    version = get_version(conn, template_id=template_id, number=number)
    _write(conn, template, version.blocks, note=f"Version {number} again", publish=True, actor=actor)
    return _logged(conn, actor, "restore", template)


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


def list_usages(conn: db.Connection, *, template_id: int) -> list[Usage]:
    """The actions that ask with it."""
    return [Usage(**row) for row in sql.list_users_of_template(conn, template_id=template_id)]


def archive(conn: db.Connection, *, actor: User, template_id: int) -> Template:
    """Put it away. Raises Conflict naming the actions that still use it."""
    template = _locked(conn, actor, template_id)
    if usages := list_usages(conn, template_id=template_id):
        names = ", ".join(f"“{usage.name}”" for usage in usages[:5]) + (" and others" if len(usages) > 5 else "")
        raise Conflict(f"This template is used by the action {names}. Give it another template, or archive it first.")
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


def _write(
    conn: db.Connection, template: Template, blocks: tuple[Block, ...], *, note: str, publish: bool, actor: User
) -> int:
    """The number of the version with these blocks: the published or the newest one if it has them, else a new one."""
    version = get_version(conn, template_id=template.id, number=template.version)
    if blocks != version.blocks:
        version = get_version(conn, template_id=template.id, number=template.latest_version)
    if blocks == version.blocks:
        number, version_id = version.number, version.id
    else:
        number, version_id = version.number + 1, _add(conn, template.id, blocks, note=note, actor=actor)
    if publish and version_id != template.version_id:
        _require_living_parts(conn, blocks)
        _publish(conn, template.id, version_id)
    return number


def _add(conn: db.Connection, template_id: int, blocks: tuple[Block, ...], *, note: str, actor: User) -> int:
    note = texts.clean(note, name="note", label="Note", max_length=500).strip()
    _require_living_parts(conn, blocks)
    block_rules.require_message(resolver.pieces_of(conn, blocks))
    version_id: int = sql.create_version(conn, template_id=template_id, note=note, created_by=actor.id)
    for position, block in enumerate(blocks):
        sql.create_block(
            conn, version_id=version_id, position=position, part_id=block.part_id, role=block.role,
            content=block.content, is_optional=block.is_optional, is_enabled=block.is_enabled,
        )  # fmt: skip
    return version_id


def _publish(conn: db.Connection, template_id: int, version_id: int) -> None:
    sql.publish_version(conn, template_id=template_id, version_id=version_id)


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
