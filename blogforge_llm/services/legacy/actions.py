"""Actions of the original. One is taken only when everything it needs is certain: its prompt, its field, its model."""

from __future__ import annotations

import re
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Field
from blogforge_llm.records.registry import Model
from blogforge_llm.services.editorial import actions, workflow
from blogforge_llm.services.legacy import prompts, registry, rows, values, wording
from blogforge_llm.services.legacy.rows import Run, Taking
from blogforge_llm.services.legacy.source import Row, digest
from blogforge_llm.services.registry import routes

_TITLES = (  # V0's actions name no field; what they were called says which
    (r"image concept", "image_concepts"), (r"allocate facts", "facts_to_include"),
    (r"allocate ideas", "ideas_to_include"),
    (r"first draft", "first_draft"), (r"section headings", "section_headings"), (r"idea scope", "idea_scope"),
    (r"interesting facts", "interesting_facts"), (r"blog title|post title|provisional title", "provisional_title"),
)  # fmt: skip
_BY_BOARD = {"ideas_to_include", "facts_to_include"}


def take(conn: db.Connection, run: Run, row: Row, uses: list[Row]) -> None:
    """`uses` are the rows that put it on a sub-stage, which may name its field."""
    rows.take(conn, run, "llm_action", row, lambda taking: _action(taking, uses), goes_with=uses, edits=_edits)


def take_use(conn: db.Connection, run: Run, table: str, row: Row, known: set[str]) -> None:
    """Where an action stood; `known` are the actions the source has."""

    def write(taking: Taking) -> None:
        named = taking.get("action_id")
        if str(named) not in known:
            taking.leave_out(f"its action {named} is not in the source")
            return
        action_id = rows.find(conn, run, "llm_action", named)
        if action_id is None:
            taking.leave_out(f"its action {named} was not imported")
        else:
            taking.became("action", action_id)
            taking.change("an action belongs to its field here, for every post; buttons are not arranged by post")

    rows.take(conn, run, table, row, write)


def _action(taking: Taking, uses: list[Row]) -> None:
    conn = taking.conn
    name = values.name_of(taking.get("field_name") or taking.get("name"), f"Action {taking.row.id}")
    template_id = _template(taking, name)
    field, model = _field(taking, name, uses), _model(taking)
    if field is None or template_id is None or model is None:
        return
    route_id = _route(taking, model)
    settings = {"temperature": taking.get("temperature"), "max_tokens": taking.get("max_tokens")}
    said: dict[str, Any] = {
        "name": name, "template_id": template_id, "route_id": route_id,
        "parameters": {key: value for key, value in settings.items() if value is not None},
    }  # fmt: skip
    wanted = digest(field.key, said)
    before = taking.known.get("action")
    if before is not None and before.noun_id is not None:
        action = _again(taking, before.noun_id, before.hash != wanted, before.written, said)
        written = before.written if _state(action) != before.written and before.hash == wanted else _state(action)
    else:
        action = actions.create(
            conn, actor=taking.run.actor, field_id=field.id, **said | {"name": _free(taking, field, name)}
        )
        written = _state(action)
    taking.keep("action", "action", action.id, wanted, written)
    taking.became("action", action.id)
    if taking.get("timeout") is not None:
        taking.change("timeout: waiting times are the model's here")


def _edits(taking: Taking) -> list[str]:
    """The action, or its own copy of the prompt, if somebody edited it here."""
    place = taking.known.get("action")
    if place is None or place.noun_id is None:
        return prompts.edits(taking)
    action = actions.get(taking.conn, place.noun_id)
    own = [f"the action “{action.name}”"] if place.written is not None and _state(action) != place.written else []
    return own + prompts.edits(taking)


def _again(taking: Taking, action_id: int, is_changed: bool, written: bytes | None, said: dict[str, Any]) -> Action:
    action = actions.get(taking.conn, action_id)
    if not is_changed:
        return action
    if _state(action) != written:
        raise Conflict(
            f"The action “{action.name}” was edited here, and the source was changed as well. Compare the two."
        )
    return actions.update(taking.conn, actor=taking.run.actor, action_id=action_id, **said | {"name": action.name})


def _template(taking: Taking, name: str) -> int | None:
    """Its prompt's template. An action held a copy of the prompt: when that says something else nobody knows which
    was meant, and both are taken as templates."""
    conn, run = taking.conn, taking.run
    prompt_id, copy = taking.get("prompt_template_id"), values.text_of(taking.get("prompt_template")).text
    template_id = rows.find(conn, run, "llm_prompt", prompt_id)
    prompt = values.text_of(rows.original(conn, run, "llm_prompt", prompt_id).get("prompt_text")).text
    if copy and (template_id is None or (prompt and not wording.same(copy, prompt))):
        copied = prompts.template_from(taking, "copy", f"{name} (the action's own copy)", copy)
        if template_id is None:
            taking.conflict(f"its prompt {prompt_id} was not imported; its own copy is the template {copied}")
        else:
            taking.conflict(
                f"its copy of the prompt (template {copied}) is not the prompt it names (template {template_id}). "
                "Choose one and make the action with it."
            )
        return None
    if template_id is None:
        taking.conflict(f"its prompt {prompt_id} was not imported")
    return template_id


def _field(taking: Taking, name: str, uses: list[Row]) -> Field | None:
    """The field it writes: as it says itself, as every sub-stage that uses it says, or as its title says."""
    own = values.text_of(taking.get("output_field")).text.strip()
    named = (
        {own} if own else {said for use in uses if (said := values.text_of(use.data.get("output_field")).text.strip())}
    )
    if not named:
        named = {next((key for pattern, key in _TITLES if re.search(pattern, name, re.I)), "")} - {""}
        if named:
            taking.change(f"its title says that it writes {next(iter(named))}")
    if len(named) != 1:
        told = (
            f"it writes several fields: {', '.join(sorted(named))}" if named else "nothing says which field it writes"
        )
        taking.conflict(f"{told}. Make the action with its template where you need it.")
        return None
    key = next(iter(named)).rpartition(".")[2]
    if key in _BY_BOARD:
        taking.leave_out("ideas and facts are allocated on the board here; its template was taken")
        return None
    known = {field.key: field for field in workflow.list_fields(taking.conn)}
    found = known.get(wording.NAMES.get(key, key))
    if found is None:
        taking.conflict(f"there is no field “{key[:80]}” here. Make the action with its template where you need it.")
    return found


def _model(taking: Taking) -> Model | None:
    """The one it named, at its provider."""
    name = values.text_of(taking.get("llm_model") or taking.get("llm_model_name")).text.strip()
    provider_id = rows.find(taking.conn, taking.run, "llm_provider", taking.get("provider_id"))
    model = registry.find_model(taking.conn, name, provider_id) if name else None
    if model is None:
        taking.conflict(
            f"its model “{name[:100]}” is not here, or at several providers. Connect it and import again, or make the "
            "action by hand"
        )
    return model


def _route(taking: Taking, model: Model) -> int:
    """That asks this model alone: an action here asks a route."""
    for route in routes.list_all(taking.conn):
        if [each.id for each in route.models] == [model.id]:
            return route.id
    name = f"Only {model.name}"[:100]
    return routes.create(taking.conn, actor=taking.run.actor, name=name, model_ids=[model.id]).id


def _state(action: Action) -> bytes:
    return digest(action.template_id, action.route_id, action.parameters, action.contract, action.archived_at is None)


def _free(taking: Taking, field: Field, name: str) -> str:
    taken = {action.name.lower() for action in actions.list_for_field(taking.conn, field.id)}
    if name.lower() not in taken:
        return name
    taking.change("the field has an action of this name already: “(imported)” was added")
    return f"{name[:170]} (imported {taking.row.id})"
