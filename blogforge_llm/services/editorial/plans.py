"""What a click on Automate would ask: the action, the exact messages, whom. The asking itself is suggestions.py."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.engine.types import Candidate, OutputContract, Parameters
from blogforge_llm.errors import Invalid, Missing, Unfit
from blogforge_llm.records.accounts import User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Field, Scope
from blogforge_llm.records.prompts import Variable
from blogforge_llm.services.editorial import actions, basis, fields, materials, workflow
from blogforge_llm.services.editorial.basis import Basis
from blogforge_llm.services.editorial.materials import Material
from blogforge_llm.services.prompts import resolver
from blogforge_llm.services.prompts.resolver import Resolved
from blogforge_llm.services.registry import models, routes
from blogforge_llm.services.registry import parameters as parameter_rules

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a task needs. `base_revision_id` is the field's revision that the prompt was made from."""

    field: Field
    action: Action
    resolved: Resolved
    inputs: dict[str, Any]
    base_revision_id: int | None
    route_id: int | None
    model_id: int | None
    parameters: Parameters
    contract: OutputContract
    candidates: list[Candidate]
    resting: list[str | None]  # why a candidate would not be asked right now, in their order

    @property
    def tokens(self) -> int:
        """About how many the prompt has."""
        return pricing.estimate_prompt(self.resolved.messages)

    @property
    def asked(self) -> str:
        """Whom the first call goes to."""
        return f"{self.first.model_name} on {self.first.provider_name}"

    @property
    def first(self) -> Candidate:
        """Who would be asked right now; the route's first when all rest."""
        pairs = zip(self.candidates, self.resting, strict=True)
        return next((candidate for candidate, why in pairs if why is None), self.candidates[0])

    @property
    def passed_over(self) -> list[str]:
        """Why those before it would not be asked right now."""
        pairs = list(zip(self.candidates, self.resting, strict=True))
        before = itertools.takewhile(lambda pair: pair[1] is not None, pairs)
        return list(dict.fromkeys(why for _, why in before if why))

    @property
    def prompt_cost(self) -> Decimal | None:
        """USD for the prompt alone at that model's price; None when that is not known."""
        price = self.first.input_price
        return None if price is None else self.tokens * price / _MILLION


def make(
    conn: db.Connection,
    *,
    actor: User,
    post_id: int,
    field_key: str,
    section_id: int | None = None,
    action_id: int | None = None,
    route_id: int | None = None,
    model_id: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    material: Material | None = None,
    shared: Basis | None = None,
) -> Plan:
    """The field's default action unless another is named; a model is asked alone, a route in its order.

    Raises Invalid saying what to do: no action, a field that the prompt needs is empty (`errors`
    is by field key), nobody to ask. `material` and `shared` are given by who makes several plans for one place.
    """
    field = _field(conn, field_key, section_id, material)
    workflow.require_living(field)
    is_board = field.scope == Scope.BOARD
    shared = shared or basis.for_field(conn, actor=actor, field_id=field.id)
    if material is None:
        material = materials.load(conn, post_id=post_id, section_id=section_id, is_board=is_board)
    value = material.values.get(field_key) or fields.get(conn, post_id=post_id, field_key=field_key)
    action = _action(shared, value.field, action_id)
    usual, contract = actions.engine_settings(action)
    version_id = action.template_version_id
    pieces = shared.pieces(conn, version_id)
    inputs = _inputs(resolver.variables_of(pieces), material)
    resolved = resolver.resolve_pieces(pieces, inputs, template_id=action.template_id, template_version_id=version_id)
    route_id = None if model_id is not None else route_id if route_id is not None else action.route_id
    asked, resting = shared.asked(conn, route_id=route_id, model_id=model_id)
    return Plan(
        field=value.field,
        action=action,
        resolved=resolved,
        inputs=inputs,
        base_revision_id=value.revision.id if value.revision else None,
        route_id=route_id,
        model_id=model_id,
        parameters=_over(usual, parameters or {}),
        contract=contract,
        candidates=asked,
        resting=resting,
    )


def whom(conn: db.Connection, *, route: str | None, model: str | None) -> dict[str, int]:
    """A route or a model by name, as `make` takes them; neither for what the action says. Raises Invalid."""
    if route is not None and model is not None:
        raise Invalid.field("model", "Give either route or model.")
    if route is not None:
        if (found := routes.find_by_name(conn, name=route)) is None:
            raise Missing.field("route", f"There is no route named {route}.")
        return {"route_id": found.id}
    if model is not None:
        if (known := models.find_by_name(conn, name=model)) is None:
            raise Missing.field("model", f"There is no model named {model}.")
        return {"model_id": known.id}
    return {}


def _field(conn: db.Connection, key: str, section_id: int | None, material: Material | None) -> Field:
    value = material.values.get(key) if material else None
    if value is not None and value.section_id == section_id:
        return value.field
    return workflow.field_at(conn, key=key, section_id=section_id)


def _action(shared: Basis, field: Field, action_id: int | None) -> Action:
    if action_id is None:
        action = shared.default(field.id)
        if action is None:
            raise Unfit.field(
                "action_id",
                f"“{field.name}” has no action yet, so no model can be asked. An admin can add one.",
            )
        return action
    action = next((action for action in shared.actions.get(field.id, []) if action.id == action_id), None)
    if action is None:
        raise Unfit.field("action_id", f"“{field.name}” has no such action. Choose another one.")
    return action


def _inputs(wanted: Sequence[Variable], material: Material) -> dict[str, Any]:
    """The template's variables from the fields of the same key. Raises Invalid naming those that are empty."""
    found = {variable.name: material.find(variable.name) for variable in wanted}
    inputs = {name: value for name, value in found.items() if value is not None}
    missing = [variable.name for variable in wanted if variable.is_required and variable.name not in inputs]
    if missing:
        problems = {name: _problem(name, material) for name in missing}
        raise Unfit(" ".join(problems.values()), problems)
    return inputs


def _problem(name: str, material: Material) -> str:
    for computed in materials.COMPUTED.values():
        if name in computed and name in material.computed:
            return computed[name]
    if name not in material.values:
        return f"The prompt needs `{name}`, which no field of a post fills. An admin must change the template."
    field = material.values[name].field
    return f"“{field.name}” is empty. Fill it first, under {field.substage_name}: the prompt needs it."


def _over(usual: Parameters, changes: Mapping[str, Any]) -> Parameters:
    given = parameter_rules.clean(changes)
    if "stop" in given:
        given["stop"] = tuple(given["stop"])
    return dataclasses.replace(usual, **given)
