"""What a run could ask: each field with the action for it, what that needs, and how long its prompt will be about.
In which order is dependencies.py, asking is runs.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.errors import Invalid, Missing, NotFound, Unfit
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Field, Scope
from blogforge_llm.records.prompts import Piece, Variable
from blogforge_llm.records.runs import Target
from blogforge_llm.records.sections import Section
from blogforge_llm.services.editorial import actions, fields, items, materials, sections, workflow
from blogforge_llm.services.editorial.dependencies import Needs
from blogforge_llm.services.editorial.materials import Material
from blogforge_llm.services.prompts import resolver

_UNWRITTEN = 300  # tokens reckoned with for a text that is not there yet

Pair = tuple[Section | None, Action]
"""A section, or None for the post itself, and what to do there."""


@dataclass(frozen=True, slots=True)
class Ask:
    """`names` says in words what it needs, by key. `problem`: why it cannot be asked, whatever else is written."""

    target: Target
    action: Action
    scope: Scope
    needs: Needs
    names: dict[str, str]
    tokens: int
    problem: str | None

    @property
    def is_rework(self) -> bool:
        """It makes another text of the field's own, so an empty field cannot be asked."""
        return self.target.key in self.needs.required


def key_of(field_key: str, section: Section | None) -> str:
    return field_key if section is None else f"{section.code} {field_key}"


def of_scope(conn: db.Connection, *, post_id: int, scope: str) -> list[Pair]:
    """The usual action of every field of the post, of a stage (stage:…) or of one of its steps (substage:…), in the
    workflow's order, for each section what sections have. Raises Missing."""
    wanted = fields_of(conn, scope=scope)
    usual = {action.field_id: action for action in actions.list_(conn) if action.is_default}
    outline = sections.list_for(conn, post_id=post_id)
    pairs: list[Pair] = [(None, usual[f.id]) for f in wanted if f.scope != Scope.SECTION and f.id in usual]
    for section in outline:
        pairs += [(section, usual[f.id]) for f in wanted if f.scope == Scope.SECTION and f.id in usual]
    return pairs


def of_sections(
    conn: db.Connection, *, post_id: int, section_ids: Sequence[int] | None, action_ids: Sequence[int]
) -> list[Pair]:
    """These actions for these sections, all living ones with None; actions of the post's own fields once. Raises
    Invalid when there is nothing to choose from, or two actions write the same field, and Missing for what is no
    section or action."""
    outline = sections.outline(conn, post_id=post_id)
    try:
        chosen = outline.living if section_ids is None else [outline.get(each) for each in dict.fromkeys(section_ids)]
    except NotFound as error:
        raise Missing.field("section_ids", str(error)) from error
    scopes = {field.id: field.scope for field in workflow.list_fields(conn)}
    known = {action.id: action for action in actions.list_(conn) if action.field_id in scopes}
    if not action_ids:
        raise Invalid.field("action_ids", "Choose what should be written: one action at least.")
    if unknown := [each for each in action_ids if each not in known]:
        raise Missing.field("action_ids", f"There is no action {unknown[0]}. Choose of those there are.")
    wanted = [known[each] for each in dict.fromkeys(action_ids)]
    if len({action.field_id for action in wanted}) < len(wanted):
        raise Unfit.field("action_ids", "Two of these actions write the same field. Choose one of them for each.")
    of_section = [action for action in wanted if scopes[action.field_id] == Scope.SECTION]
    if of_section and not chosen:
        raise Unfit.field("section_ids", "Choose one section at least. A post without sections has none to draft.")
    pairs: list[Pair] = [(None, action) for action in wanted if action not in of_section]
    return pairs + [(section, action) for section in chosen for action in of_section]


def look_at(conn: db.Connection, *, post_id: int, pairs: Iterable[Pair]) -> list[Ask]:
    """Each pair as things stand now."""
    pairs = list(pairs)
    every = {field.id: field for field in workflow.list_fields(conn)}
    pieces = resolver.list_pieces_of(conn, list({action.template_version_id for _, action in pairs}))
    outline, found = sections.list_for(conn, post_id=post_id), items.list_for(conn, post_id=post_id)
    own = {value.field.key: value for value in fields.list_values(conn, post_id=post_id)}
    loaded: dict[tuple[int | None, bool], Material] = {}
    asks = []
    for section, action in pairs:
        field = every[action.field_id]
        place = section.id if section else None, field.scope == Scope.BOARD
        if place not in loaded:
            values, computed = dict(own), dict[str, list[str]]()
            if section is not None:
                theirs = fields.list_values(conn, post_id=post_id, section_id=section.id)
                values |= {value.field.key: value for value in theirs}
                computed = materials.of_section(section.id, outline, found)
            elif field.scope == Scope.BOARD:
                computed = materials.of_board(outline, found)
            loaded[place] = Material(values, computed)
        asks.append(_ask(section, field, action, pieces.get(action.template_version_id, []), loaded[place]))
    return asks


def _ask(section: Section | None, field: Field, action: Action, pieces: list[Piece], material: Material) -> Ask:
    key = key_of(field.key, section)
    target = Target(key, section.id if section else None, section.code if section else None, field.key, field.name)
    names: dict[str, str] = {}
    required, wanted, problem = set[str](), set[str](), None
    variables = resolver.variables_of(pieces)
    for variable in variables:
        value = material.values.get(variable.name)
        if value is None:
            problem = problem or _missing(variable, material)
            continue
        is_own = value.field.scope == Scope.SECTION
        need = key_of(variable.name, section if is_own else None)
        names[need] = f"“{value.field.name}”" + (f" of {section.code}" if is_own and section else "")
        (required if variable.is_required else wanted).add(need)
    needs = Needs(frozenset(required), frozenset(wanted - {key}))
    try:
        tokens = _tokens(pieces, variables, material)
    except Invalid as error:
        tokens, problem = 0, problem or str(error)
    return Ask(target, action, field.scope, needs, names, tokens, problem)


def _missing(variable: Variable, material: Material) -> str | None:
    """Why a variable that no field fills cannot be filled; None when it can, or need not be."""
    if not variable.is_required or material.find(variable.name) is not None:
        return None
    for computed in materials.COMPUTED.values():
        if variable.name in computed:
            return computed[variable.name]
    return f"The prompt needs `{variable.name}`, which no field of a post fills. An admin must change the template."


def _tokens(pieces: list[Piece], variables: Sequence[Variable], material: Material) -> int:
    """Of the prompt as it is about to be: texts that are not there yet are guessed."""
    found = {variable.name: material.find(variable.name) for variable in variables}
    inputs = {name: "…" if value is None else value for name, value in found.items()}
    unwritten = sum(value is None for name, value in found.items() if name in material.values)
    return pricing.estimate_prompt(resolver.assemble(pieces, inputs).messages) + _UNWRITTEN * unwritten


def fields_of(conn: db.Connection, *, scope: str) -> list[Field]:
    """Of the post, its sections and the board, in the workflow's order. Raises Missing."""
    kind, _, key = scope.partition(":")
    steps = workflow.list_substages(conn)
    if kind == "stage":
        steps = [step for step in steps if step.stage_key == key]
    elif kind == "substage":
        steps = [step for step in steps if step.key == key]
    if not steps or (kind == "post") == bool(key) or kind not in ("post", "stage", "substage"):
        raise Missing.field("scope", "The workflow has no such stage or step.")
    return [field for step in steps for field in [*step.fields, *step.other_fields]]
