"""Parts: reusable pieces of prompts. Editing words makes a new version; names, tags and the like are simply changed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.prompts import MessageRole, OfferedPart, Part, PartKind, PartVersion, Usage
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import approvals, dependents, part_texts, wording
from blogforge_llm.services.prompts.part_texts import PartText

sql = db.load("prompts/parts")

_TOLD = ("name", "kind", "description", "tags", "position", "version", "latest_version")


def create(
    conn: db.Connection, *, actor: User, name: str, kind: str, role: str, content: str, description: str = "",
    notes: str = "", tags: Sequence[str] = (), position: int = part_texts.DEFAULT_POSITION, variable: str | None = None,
    label: str | None = None, fence: str | None = None, note: str = "",
) -> Part:  # fmt: skip
    """A part with its version 1, published. Raises Invalid, and Conflict when the name is taken."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    about = part_texts.about(name=name, kind=kind, description=description, notes=notes, tags=tags, position=position)
    words = part_texts.check(
        kind=about["kind"], role=role, content=content, variable=variable, label=label, fence=fence
    )
    with _unique_name(conn, about["name"]):
        part_id: int = sql.create_part(conn, **about, created_by=actor.id)
    number = _add(conn, part_id, words, note=note, actor=actor)
    _point(conn, part_id, get_version(conn, part_id=part_id, number=number), actor)
    made = get(conn, part_id=part_id)
    audit.record(conn, actor=actor, action="create", noun="part", noun_id=part_id, detail=made.name, after=_told(made))
    return made


def get(conn: db.Connection, *, part_id: int) -> Part:
    """Archived ones too: old versions of templates still speak with them."""
    row = sql.get_part(conn, part_id=part_id)
    if row is None:
        raise NotFound("There is no such part.")
    return _part(row)


def list_(
    conn: db.Connection, *, q: str = "", kind: str | None = None, tag: str | None = None, is_archived: bool = False,
    limit: int | None = None, offset: int = 0,
) -> list[Part]:  # fmt: skip
    """In the order in which they usually stand in a template."""
    found = sql.list_parts(conn, **_filter(q, kind, tag, is_archived), limit=limit, offset=offset)
    return [_part(row) for row in found]


def list_offered(
    conn: db.Connection, *, q: str = "", kind: str | None = None, tag: str | None = None, limit: int
) -> list[OfferedPart]:
    """The living ones that `list_` has, as somebody chooses among them."""
    wanted = _filter(q, kind, tag, is_archived=False)
    del wanted["is_archived"]
    rows = sql.list_offered(conn, **wanted, limit=limit)
    return [OfferedPart(**row | {"kind": PartKind(row["kind"])}) for row in rows]


def list_by_id(conn: db.Connection, *, part_ids: Sequence[int]) -> dict[int, Part]:
    """Those that are there, archived ones too, by id."""
    return {row["id"]: _part(row) for row in sql.list_parts_by_id(conn, part_ids=list(part_ids))}


def count(
    conn: db.Connection, *, q: str = "", kind: str | None = None, tag: str | None = None, is_archived: bool = False
) -> int:
    number: int = sql.count_parts(conn, **_filter(q, kind, tag, is_archived))
    return number


def list_tags(conn: db.Connection) -> list[str]:
    """Every tag in use, the commonest first."""
    return [row["tag"] for row in sql.list_tags(conn)]


def update(
    conn: db.Connection, *, actor: User, part_id: int, publish: bool = True, base: int | None = None, note: str = "",
    **changes: Any,
) -> Part:  # fmt: skip
    """Change what is given of name, kind, description, notes, tags, position, role, content, variable, label and fence.
    Other words make a new version. Raises Conflict when `base`, the newest version its author saw, no longer is."""
    part = _locked(conn, actor, part_id)
    about = part_texts.about(**{field: changes.get(field, getattr(part, field)) for field in _ABOUT})
    text = {field: changes.get(field, getattr(part, field)) for field in _TEXT}
    words = part_texts.check(kind=about["kind"], **text, error=Unfit)
    if words != part_texts.of(part):
        _require_newest(part, base)
        _write(conn, part, words, note=note, publish=publish, actor=actor)
    if any(about[field] != getattr(part, field) for field in _ABOUT):
        with _unique_name(conn, about["name"]):
            sql.update_part(conn, part_id=part_id, **about)
    return _logged(conn, actor, "update", part)


def add_version(
    conn: db.Connection, *, actor: User, part_id: int, content: str, role: str | None = None,
    variable: str | None = None, label: str | None = None, fence: str | None = None, note: str = "",
    publish: bool = False,
) -> tuple[PartVersion, bool]:  # fmt: skip
    """A version with other words, and whether it is new: the same words make none, and the version that has them is
    returned. What is not given stays as it is published."""
    part = _locked(conn, actor, part_id)
    words = part_texts.check(
        kind=part.kind, role=role or part.role, content=content, variable=variable or part.variable,
        label=label or part.label, fence=fence or part.fence, error=Unfit,
    )  # fmt: skip
    number = _write(conn, part, words, note=note, publish=publish, actor=actor)
    return get_version(conn, part_id=part_id, number=number), number > part.latest_version


def publish(conn: db.Connection, *, actor: User, part_id: int, number: int) -> Part:
    """From now on every template that refers to the part speaks this version, a newer or an older one. Raises Forbidden
    for its own author where a template needs a second person, and Conflict naming what it would break."""
    part = _locked(conn, actor, part_id)
    version = get_version(conn, part_id=part_id, number=number)
    _require_fitting(part, version)
    _require_publishable(conn, part, version, actor)
    _publish(conn, part_id, version, actor)
    return get(conn, part_id=part_id)


def decline(conn: db.Connection, *, actor: User, part_id: int, number: int) -> Part:
    """A version that waits is not wanted; it stays in the history. Raises Conflict for any other version."""
    part = _locked(conn, actor, part_id)
    version = get_version(conn, part_id=part_id, number=number)
    if part.waiting_version != number:
        raise Conflict(f"Version {number} does not wait to be published.")
    sql.mark_declined(conn, version_id=version.id)
    _record(conn, actor, "decline", part, f"version {number}")
    return get(conn, part_id=part_id)


def list_guarding(conn: db.Connection, *, part_id: int) -> list[str]:
    """The names of the templates because of which somebody else than its author must publish a version."""
    return [row["name"] for row in sql.list_guarding(conn, part_id=part_id)]


def list_versions(conn: db.Connection, *, part_id: int, limit: int | None = None, offset: int = 0) -> list[PartVersion]:
    """The newest first."""
    return [_version(row) for row in sql.list_versions(conn, part_id=part_id, limit=limit, offset=offset)]


def count_versions(conn: db.Connection, *, part_id: int) -> int:
    number: int = sql.count_versions(conn, part_id=part_id)
    return number


def get_version(conn: db.Connection, *, part_id: int, number: int) -> PartVersion:
    row = sql.get_version(conn, part_id=part_id, number=min(number, 2**31 - 1))
    if row is None:
        raise NotFound("The part has no such version.")
    return _version(row)


def list_usages(conn: db.Connection, *, part_id: int) -> list[Usage]:
    """The templates it stands in."""
    return [Usage(**row) for row in sql.list_users_of_part(conn, part_id=part_id)]


def archive(conn: db.Connection, *, actor: User, part_id: int) -> Part:
    """Put it away. Raises Conflict naming the templates that still use it."""
    part = _locked(conn, actor, part_id)
    if usages := list_usages(conn, part_id=part_id):
        names = wording.listed([usage.name for usage in usages])
        used_by = [asdict(usage) for usage in usages]
        raise Conflict(f"This part is used in {names}. Take it out there first.", current={"used_by": used_by})
    sql.set_archived(conn, part_id=part_id, is_archived=True)
    return _logged(conn, actor, "archive", part)


def unarchive(conn: db.Connection, *, actor: User, part_id: int) -> Part:
    """Bring it back. Raises Conflict when another part took its name meanwhile."""
    part = _locked(conn, actor, part_id)
    with _unique_name(conn, part.name):
        sql.set_archived(conn, part_id=part_id, is_archived=False)
    return _logged(conn, actor, "unarchive", part)


_ABOUT = ("name", "kind", "description", "notes", "tags", "position")
_TEXT = ("role", "content", "variable", "label", "fence")


def _logged(conn: db.Connection, actor: User, action: str, before: Part) -> Part:
    """The part as it is now, and what that changed in the log; its words are in the versions."""
    after = get(conn, part_id=before.id)
    told = _told(before), _told(after)
    if told[0] != told[1] or action != "update":
        audit.record(
            conn, actor=actor, action=action, noun="part", noun_id=before.id, detail=before.name, before=told[0],
            after=told[1],
        )  # fmt: skip
    return after


def _told(row: Part) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _TOLD}


def _locked(conn: db.Connection, actor: User, part_id: int) -> Part:
    permissions.require(actor, Permission.KEEP_PROMPTS)
    sql.lock_part(conn, part_id=part_id)
    return get(conn, part_id=part_id)


def _require_newest(part: Part, base: int | None) -> None:
    if base is not None and base != part.latest_version:
        raise Conflict(
            f"Somebody saved version {part.latest_version} meanwhile. Compare it with yours in the history, "
            "then save again.",
            current={"latest_version": part.latest_version, "content": part.content},
        )


def _require_fitting(part: Part, version: PartVersion) -> None:
    if (part.kind is PartKind.DATA) != (version.variable is not None):
        raise Conflict(f"Version {version.number} was written for another kind of part. Change the kind first.")


def _require_publishable(conn: db.Connection, part: Part, version: PartVersion, actor: User) -> None:
    approvals.require_other(version, actor=actor, guarding=list_guarding(conn, part_id=part.id))
    if problems := dependents.problems_of_part(conn, part=part, words=part_texts.of(version)):
        raise Conflict(f"Version {version.number} cannot be used. {' '.join(problems)}")


def _write(
    conn: db.Connection, part: Part, words: PartText, *, note: str, publish: bool, actor: User
) -> int:  # fmt: skip
    """The number of the version with these words: the published or the newest one if it has them, else a new one."""
    if words == part_texts.of(part):
        return part.version
    version = get_version(conn, part_id=part.id, number=part.latest_version)
    if words != part_texts.of(version):
        if publish:
            approvals.require_none(list_guarding(conn, part_id=part.id))
        number = _add(conn, part.id, words, note=note, actor=actor)
        version = get_version(conn, part_id=part.id, number=number)
    if publish:
        _require_publishable(conn, part, version, actor)
        _publish(conn, part.id, version, actor)
    return version.number


def _add(conn: db.Connection, part_id: int, words: PartText, *, note: str, actor: User) -> int:
    note = texts.clean(note, name="note", label="Note", max_length=500).strip()
    number: int = sql.create_version(
        conn, part_id=part_id, role=words.role, content=words.content, variable=words.variable, label=words.label,
        fence=words.fence, note=note, created_by=actor.id,
    )  # fmt: skip
    return number


def _point(conn: db.Connection, part_id: int, version: PartVersion, actor: User) -> None:
    sql.publish_version(conn, part_id=part_id, version_id=version.id)
    sql.mark_published(conn, version_id=version.id, user_id=actor.id)


def _publish(conn: db.Connection, part_id: int, version: PartVersion, actor: User) -> None:
    _point(conn, part_id, version, actor)
    part = get(conn, part_id=part_id)
    _record(conn, actor, "publish", part, f"version {version.number}")


def _record(conn: db.Connection, actor: User, action: str, part: Part, detail: str) -> None:
    audit.record(conn, actor=actor, action=action, noun="part", noun_id=str(part.id), detail=f"{part.name}, {detail}")


def _filter(q: str, kind: str | None, tag: str | None, is_archived: bool) -> dict[str, Any]:
    kind, tag = (texts.storable(text) if text else None for text in (kind, tag))
    return {"pattern": texts.pattern(q), "kind": kind, "tag": tag, "is_archived": is_archived}


def _unique_name(conn: db.Connection, name: str) -> AbstractContextManager[None]:
    message = f"There is already a part called “{name}”. Choose another name."
    return uniqueness.guard(conn, constraint="parts_name_key", message=message)


def _part(row: dict[str, Any]) -> Part:
    return Part(**{**row, "kind": PartKind(row["kind"]), "role": MessageRole(row["role"])})


def _version(row: dict[str, Any]) -> PartVersion:
    return PartVersion(**{**row, "role": MessageRole(row["role"])})
