"""The fields of the workflow as rows: added and changed. What is written in them is never touched by that: a text that
does not fit a new kind or limit stays as it is (limits.py). Archiving is workflow_archival.py.
"""

from __future__ import annotations

import re
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, Mistakes, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Field, FieldKind, Scope, Substage, Workflow
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import (
    board,
    headings,
    limits,
    materials,
    posts,
    sections,
    workflow,
    workflow_naming,
    workflow_order,
)
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import grammar

sql = db.load("editorial/workflow")

BUILT_IN = frozenset({
    posts.IDEA_FIELD, headings.HEADINGS, sections.HEADING, sections.DESCRIPTION, sections.DRAFT, sections.TEXT,
    sections.SUMMARY, board.FIELD,
})  # fmt: skip
"""Keys that the product itself reads or writes: such a field keeps its key, kind and scope, and stays in use."""

MOST = 60  # of one sub-stage, archived ones included
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_COMPUTED = {name for names in materials.COMPUTED.values() for name in names}
KEYS_TAKEN = _COMPUTED | {word for word in grammar.RESERVED if _KEY.fullmatch(word)}
"""What no field may be called: variables that prompts know by themselves, and words of their language."""
_CHANGEABLE = ("key", "name", "kind", "help", "scope", "max_length", "max_words")


def create(
    conn: db.Connection, *, actor: User, substage_id: int, key: str, name: str, kind: str = FieldKind.TEXT,
    help: str = "", scope: str = Scope.POST, max_length: int | None = None, max_words: int | None = None,
) -> Field:  # fmt: skip
    """As the last one of its step. Raises Invalid naming all that is wrong, and Conflict for a key that is taken."""
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    found = workflow_order.lock(conn)
    if max_length is None:
        max_length = limits.LINE if kind == FieldKind.LINE else limits.MOST_CHARACTERS
    mistakes = Mistakes()
    substage = _living_substage(found, substage_id, mistakes)
    values = _checked(
        found, substage, mistakes, key=key, name=name, kind=kind, help=help, scope=scope, max_length=max_length,
        max_words=max_words,
    )  # fmt: skip
    mistakes.refuse()
    assert substage is not None
    _require_room(substage)
    _require_free(found, key)
    sql.create_field(conn, substage_id=substage_id, **values)
    workflow_order.changed(conn)
    field = workflow.get_field(conn, key=key)
    audit.record(
        conn, actor=actor, action="create", noun="field", noun_id=field.key, detail=field.name, after=_told(field)
    )
    return field


def get(conn: db.Connection, *, field_id: int) -> Field:
    """Archived or not."""
    return workflow_order.field_of(workflow.everything(conn), field_id)


def is_used(conn: db.Connection, field: Field) -> bool:
    """Whether its key and scope are fixed: it has a text or an action, a prompt names it, or the product needs it."""
    if field.key in BUILT_IN or sql.is_used(conn, field_id=field.id):
        return True
    return bool(workflow_naming.templates_naming(conn, [field.key]))


def update(conn: db.Connection, *, actor: User, field_id: int, **changes: Any) -> Field:
    """Change what is given of substage_id, key, name, kind, help, scope, max_length and max_words. No text changes.

    Raises Invalid naming all that is wrong, such as the key of a field that is used, and Conflict for a key that is
    taken.
    """
    permissions.require(actor, Permission.KEEP_WORKFLOW)
    found = workflow_order.lock(conn)
    before = workflow_order.field_of(found, field_id)
    own = next(each for each in found.substages if each.key == before.substage_key)
    mistakes, wanted = Mistakes(), changes.get("substage_id")
    target = own if wanted in (None, own.id) else _living_substage(found, wanted, mistakes)
    given = {name: changes.get(name, getattr(before, name)) for name in _CHANGEABLE}
    _note_what_stays(conn, before, own, target, given, mistakes)
    values = _checked(found, target, mistakes, **given)
    mistakes.refuse()
    assert target is not None
    if values["key"] != before.key:
        _require_free(found, values["key"])
    sql.update_field(conn, field_id=field_id, substage_id=target.id, **values)
    if target is not own:
        _require_room(target)
        workflow_order.changed(conn)
    after = workflow.get_field(conn, key=values["key"])
    if _told(before) != _told(after):
        audit.record(
            conn, actor=actor, action="update", noun="field", noun_id=after.key, detail=after.name,
            before=_told(before), after=_told(after),
        )  # fmt: skip
    return after


def _note_what_stays(
    conn: db.Connection,
    before: Field,
    own: Substage,
    target: Substage | None,
    given: dict[str, Any],
    mistakes: Mistakes,
) -> None:
    if before.key in BUILT_IN and given["kind"] != before.kind:
        mistakes.note_unfit("kind", f"The product itself works with “{before.name}”, so its kind stays.")
    if before.scope != Scope.POST and target not in (own, None):
        mistakes.note_unfit("substage_id", f"“{before.name}” belongs to sections, so it stays in “{own.name}”.")
    changed = [name for name in ("key", "scope") if given[name] != getattr(before, name)]
    if not changed or not is_used(conn, before):
        return
    for name in changed:
        mistakes.note_unfit(
            name,
            f"The {name} of “{before.name}” stays, for texts, actions or prompts already name it. Its name may change.",
        )


def _checked(found: Workflow, substage: Substage | None, mistakes: Mistakes, **given: Any) -> dict[str, Any]:
    """The columns to write; what is wrong with them is noted. Without a step nothing is said about its scope."""
    key, values = given["key"], {"key": given["key"], "kind": str(given["kind"]), "scope": str(given["scope"])}
    _note_key(key, mistakes)
    if given["kind"] not in list(FieldKind):
        mistakes.note("kind", f"A field is one of {', '.join(FieldKind)}.")
    if substage is not None:
        with mistakes.noted():
            _require_scope(found, substage, key, given["scope"])
    with mistakes.noted():
        values["name"] = texts.line(given["name"], name="name", label="Name", max_length=60)
    with mistakes.noted():
        values["help"] = texts.clean(given["help"], name="help", label="Help", max_length=500).strip()
    with mistakes.noted():
        values["max_length"] = _limit("max_length", given["max_length"], limits.MOST_CHARACTERS)
    with mistakes.noted():
        most = given["max_words"]
        values["max_words"] = None if most is None else _limit("max_words", most, limits.MOST_WORDS)
    return values


def _note_key(key: str, mistakes: Mistakes) -> None:
    if not _KEY.fullmatch(key) or not grammar.is_name(key):
        mistakes.note("key", "A key is lower-case letters, digits and _, and begins with a letter: fact_check.")
    elif any(key in names for names in materials.COMPUTED.values()):
        mistakes.note("key", f"Prompts already know `{key}` by itself. Choose another key.")


def _require_scope(found: Workflow, substage: Substage, key: str, scope: str) -> None:
    if key in BUILT_IN:
        return
    if scope not in (Scope.POST, Scope.SECTION):
        raise Invalid.field("scope", "A field belongs to the post, or to each of its sections.")
    home = next(field for field in found.fields if field.key == sections.HEADING)
    if scope == Scope.SECTION and substage.key != home.substage_key:
        raise Unfit.field("scope", f"Fields of sections stand in the step “{home.substage_name}”. Add it there.")


def _limit(name: str, value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        unit = "characters" if name == "max_length" else "words"
        raise Invalid.field(name, f"The most {unit} is a whole number from 1 to {most:,}.")
    return value


def _living_substage(found: Workflow, substage_id: Any, mistakes: Mistakes) -> Substage | None:
    substage = next((each for each in found.substages if each.id == substage_id), None)
    if substage is None:
        mistakes.note_unfit("substage_id", "There is no such sub-stage. Choose another one.")
    elif not substage.is_living:
        mistakes.note_unfit("substage_id", f"“{substage.name}” is archived. Choose another one, or bring it back.")
    return substage


def _require_room(substage: Substage) -> None:
    if len(substage.fields) + len(substage.other_fields) >= MOST:
        raise Conflict(f"“{substage.name}” has {MOST} fields, archived ones included. That is as many as it can have.")


def _require_free(found: Workflow, key: str) -> None:
    """The workflow is locked: nobody takes the key in between."""
    taken = next((field for field in found.fields if field.key == key), None)
    if taken is None:
        return
    hint = "" if taken.is_living else ", which is archived and can be brought back"
    message = f"A field has the key “{key}” already: “{taken.name}” under {taken.substage_name}{hint}."
    raise Conflict(message, errors={"key": message})


def _told(field: Field) -> dict[str, Any]:
    return {name: getattr(field, name) for name in (*_CHANGEABLE, "substage_key")}
