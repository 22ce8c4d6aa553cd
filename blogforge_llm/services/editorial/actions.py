"""Actions: what Automate does for a field. Asking, and what becomes of the answer, is suggestions.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.engine.types import OutputContract, Parameters
from blogforge_llm.errors import Conflict, Missing, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Scope
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import contracts, materials, workflow_order
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import resolver
from blogforge_llm.services.registry import parameters as parameter_rules
from blogforge_llm.services.registry import presets, routes

sql = db.load("editorial/actions")


def create(
    conn: db.Connection, *, actor: User, field_id: int, name: str, template_id: int, route_id: int | None = None,
    preset_id: int | None = None, parameters: Mapping[str, Any] | None = None,
    contract: Mapping[str, Any] | None = None, is_default: bool | None = None, needs_choice: bool = False,
) -> Action:  # fmt: skip
    """The first action of a field becomes its default unless told otherwise. Raises Invalid naming the field, also for
    a template that needs what no post has, and Conflict when the field has an action of that name."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    field = sql.lock_field(conn, field_id=field_id)
    if field is None:
        raise Missing.field("field_id", "There is no such field. Choose one of the workflow's fields.")
    scope = Scope(field["scope"])
    values = _checked(conn, scope, name, template_id, route_id, preset_id, parameters or {}, contract or {})
    if is_default is None:
        is_default = get_default(conn, field_id) is None
    if is_default:
        sql.clear_default(conn, field_id=field_id)
    with _unique_name(conn, values["name"]):
        action_id: int = sql.create_action(
            conn, field_id=field_id, is_default=is_default, needs_choice=needs_choice, **values
        )
    made = get(conn, action_id=action_id)
    audit.record(
        conn, actor=actor, action="create", noun="action", noun_id=action_id, detail=_label(made), after=_told(made)
    )
    return made


def get(conn: db.Connection, action_id: int) -> Action:
    """Archived ones too: suggestions still name them."""
    row = sql.get_action(conn, action_id=action_id)
    if row is None:
        raise NotFound("There is no such action.")
    return Action(**row)


def list_(conn: db.Connection, *, is_archived: bool = False, limit: int | None = None, offset: int = 0) -> list[Action]:
    """In the order of the workflow, each field's default first."""
    rows = sql.list_actions(conn, field_id=None, is_archived=is_archived, limit=limit, offset=offset)
    return [Action(**row) for row in rows]


def count(conn: db.Connection, *, is_archived: bool = False) -> int:
    number: int = sql.count_actions(conn, field_id=None, is_archived=is_archived)
    return number


def list_for_field(conn: db.Connection, field_id: int) -> list[Action]:
    """The default first."""
    return [Action(**row) for row in sql.list_actions(conn, field_id=field_id, is_archived=False, limit=None, offset=0)]


def get_default(conn: db.Connection, field_id: int) -> Action | None:
    action_id = sql.get_default_id(conn, field_id=field_id)
    return None if action_id is None else get(conn, action_id)


def update(conn: db.Connection, *, actor: User, action_id: int, **changes: Any) -> Action:
    """Change what is given of name, template_id, route_id, preset_id, parameters, contract and the two flags."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    action = get(conn, action_id)
    scope = Scope(sql.lock_field(conn, field_id=action.field_id)["scope"])
    action = get(conn, action_id)
    _require_living(action)
    values = _checked(conn, scope, **{name: changes.get(name, getattr(action, name)) for name in _CHANGEABLE})
    is_default: bool = changes.get("is_default", action.is_default)
    needs_choice: bool = changes.get("needs_choice", action.needs_choice)
    if is_default and not action.is_default:
        sql.clear_default(conn, field_id=action.field_id)
    with _unique_name(conn, values["name"]):
        sql.update_action(conn, action_id=action_id, is_default=is_default, needs_choice=needs_choice, **values)
    return _logged(conn, actor, "update", action)


def archive(conn: db.Connection, *, actor: User, action_id: int) -> Action:
    """Put it away; when it was the field's default, the next one becomes that."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    action = get(conn, action_id)
    sql.lock_field(conn, field_id=action.field_id)
    if action.archived_at is None:
        sql.set_archived(conn, action_id=action_id, is_archived=True)
        if get_default(conn, action.field_id) is None:
            sql.promote_next(conn, field_id=action.field_id)
    return _logged(conn, actor, "archive", action)


def unarchive(conn: db.Connection, *, actor: User, action_id: int) -> Action:
    """Bring it back. Raises Conflict when another one took its name, or its template is archived."""
    permissions.require(actor, Permission.KEEP_PROMPTS)
    action = get(conn, action_id)
    sql.lock_field(conn, field_id=action.field_id)
    _template_version(conn, action.template_id)
    with _unique_name(conn, action.name):
        sql.set_archived(conn, action_id=action_id, is_archived=False)
    if get_default(conn, action.field_id) is None:
        sql.promote_next(conn, field_id=action.field_id)
    return _logged(conn, actor, "unarchive", action)


def reorder(conn: db.Connection, *, actor: User, field_id: int, order: Sequence[int], version: int) -> list[Action]:
    """Exactly the field's actions in another order; the first is what a click asks. `version` is the workflow's.

    Raises Conflict when the workflow moved on from it.
    """
    permissions.require(actor, Permission.KEEP_PROMPTS)
    workflow_order.lock(conn, version=version)
    if sql.lock_field(conn, field_id=field_id) is None:
        raise NotFound("There is no such field.")
    found = list_for_field(conn, field_id)
    if sorted(order) != sorted(action.id for action in found):
        raise Unfit.field("order", "The order must name each action of the field once, and no other one.")
    if found and (list(order) != [action.id for action in found] or not found[0].is_default):
        sql.clear_default(conn, field_id=field_id)
        sql.arrange(conn, action_ids=list(order))
        workflow_order.changed(conn)
    after = list_for_field(conn, field_id)
    if found != after:
        told = {"before": {"order": [each.name for each in found]}, "after": {"order": [each.name for each in after]}}
        audit.record(
            conn, actor=actor, action="reorder", noun="action", noun_id=field_id, detail=after[0].field_name, **told
        )
    return after


def engine_settings(action: Action) -> tuple[Parameters, OutputContract]:
    """What the engine is told: the preset under the action's own parameters, and the contract with what follows from
    the field where it is silent. The limits of the field hold whatever the contract says."""
    merged = action.preset_parameters | action.parameters
    if "stop" in merged:
        merged["stop"] = tuple(merged["stop"])
    contract: dict[str, Any] = {"shape": action.field_kind} | action.contract
    contract["max_length"] = min(contract.get("max_length", action.field_max_length), action.field_max_length)
    return Parameters(**merged), OutputContract(**contract, max_words=action.field_max_words)


def _logged(conn: db.Connection, actor: User, verb: str, before: Action) -> Action:
    """The action as it is now, and what that changed in the log."""
    after = get(conn, before.id)
    audit.record(
        conn, actor=actor, action=verb, noun="action", noun_id=before.id, detail=_label(before), before=_told(before),
        after=_told(after),
    )  # fmt: skip
    return after


def _label(action: Action) -> str:
    return f"{action.field_name}: {action.name}"


def _told(action: Action) -> dict[str, Any]:
    names = (
        "name", "template_name", "route_name", "preset_name", "parameters", "contract", "is_default", "needs_choice",
    )  # fmt: skip
    return {name: getattr(action, name) for name in names}


_CHANGEABLE = ("name", "template_id", "route_id", "preset_id", "parameters", "contract")


def _checked(
    conn: db.Connection, scope: Scope, name: str, template_id: int, route_id: int | None, preset_id: int | None,
    parameters: Mapping[str, Any], contract: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The columns to write. Raises Invalid naming the field."""
    _require_known_variables(conn, scope, _template_version(conn, template_id))
    if route_id is not None:
        _require(lambda: routes.get(conn, route_id=route_id), "route_id", "There is no such route. Choose another one.")
    if preset_id is not None:
        _require(
            lambda: presets.get(conn, preset_id=preset_id), "preset_id", "There is no such preset. Choose another one."
        )
    return {
        "name": texts.line(name, name="name", label="Name"), "template_id": template_id, "route_id": route_id,
        "preset_id": preset_id, "parameters": Jsonb(parameter_rules.clean(parameters)),
        "contract": Jsonb(contracts.clean(contract)),
    }  # fmt: skip


def _template_version(conn: db.Connection, template_id: int) -> int:
    row = sql.lock_template(conn, template_id=template_id)
    if row is None:
        raise Missing.field("template_id", "There is no such template. Choose another one.")
    if row["archived_at"] is not None:
        raise Unfit.field("template_id", f"The template “{row['name']}” is archived. Choose another one.")
    version_id: int = row["published_version_id"]
    return version_id


def _require_known_variables(conn: db.Connection, scope: Scope, version_id: int) -> None:
    """Editors fill variables from their post's and section's fields by key: what has no field, and is not computed,
    could never be filled."""
    keys = {row["key"] for row in sql.list_field_keys(conn) if row["scope"] in (Scope.POST, scope)}
    keys |= set(materials.COMPUTED[scope])
    foreign = [v.name for v in resolver.variables(conn, version_id) if v.is_required and v.name not in keys]
    if foreign:
        names = ", ".join(f"`{name}`" for name in foreign)
        raise Unfit.field(
            "template_id", f"This template needs {names}, which no field of a post fills. Choose another one."
        )


def _require(look: Any, name: str, message: str) -> None:
    try:
        look()
    except NotFound as error:
        raise Missing.field(name, message) from error


def _require_living(action: Action) -> None:
    if action.archived_at is not None:
        raise Conflict(f"The action “{action.name}” is archived. Bring it back first.")


def _unique_name(conn: db.Connection, name: str) -> AbstractContextManager[None]:
    message = f"The field already has an action called “{name}”. Choose another name."
    return uniqueness.guard(conn, constraint="actions_name_key", message=message)
