"""A post as the pages show it: the overview of all its fields, and each field of a step with what is offered to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Field, Overview, Substage, Suggestion, SuggestionStatus, Value
from blogforge_llm.records.sections import Item, Section
from blogforge_llm.records.staleness import StaleSource
from blogforge_llm.services import diffs
from blogforge_llm.services.editorial import (
    basis,
    fields,
    items,
    materials,
    plans,
    posts,
    sections,
    staleness,
    suggestions,
    workflow,
)
from blogforge_llm.services.editorial.basis import Basis
from blogforge_llm.services.editorial.materials import Material
from blogforge_llm.services.editorial.sections import Outline
from blogforge_llm.services.registry import candidates
from blogforge_llm.services.tasks import attempts, tasks, wording, workers


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion beside the field's text. `has_moved`: it is no longer the text the suggestion was made from."""

    suggestion: Suggestion
    asked: str | None  # whom, while nobody has answered
    tokens: int | None  # about how many the prompt has, while nobody has answered
    switches: list[str]  # one line per change of model
    changes: list[diffs.Change]  # from the field's text to the output
    has_moved: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A field with everything a page shows of it. Either there is a plan, or a `problem` says why there is none."""

    value: Value
    offers: list[Offer]
    actions: list[Action]
    plan: plans.Plan | None
    problem: str | None
    missing: list[Value]  # the empty fields that the prompt needs
    stale: list[StaleSource]  # why its text is

    @property
    def again_action_id(self) -> int | None:
        """What wrote the stale text, if it can still be asked."""
        asked = self.stale[0].action_id if self.stale else None
        return asked if asked in {action.id for action in self.actions} else None


@dataclass(frozen=True, slots=True)
class Desk:
    """One step of the workflow for one post, one of its sections, or its allocation board. `offered` is all that waits
    there; `is_worker_alive`: whether anybody takes up what is asked."""

    overview: Overview
    outline: Outline
    substage: Substage
    blocks: list[Block]
    offered: list[Suggestion]
    is_worker_alive: bool
    section: Section | None = None
    archived: Sequence[Value] = ()  # texts of the section in fields that are archived
    items: Sequence[Item] | None = None  # of the post, deleted ones too, where prompts need them

    @property
    def running(self) -> list[int]:
        """The tasks the page must follow."""
        return [each.task_id for each in self.offered if each.status == SuggestionStatus.RUNNING]


@dataclass(frozen=True, slots=True)
class _Read:
    """A post as every page of it needs it, each thing read once; `fields` are the workflow's, archived ones too."""

    overview: Overview
    outline: Outline
    fields: list[Field]


def open_at(conn: db.Connection, *, actor: User, post_id: int, substage_key: str, field_key: str | None = None) -> Desk:
    """All fields of the step, or only the one named, be it archived. Raises StepArchived for a step that is."""
    read = _read(conn, post_id)
    whole = read.overview
    if field_key is not None and field_key not in whole.values:
        return _open_archived(conn, actor, read, substage_key, field_key)
    substage = _substage(conn, whole, substage_key)
    material = Material(whole.values, {})
    shown = [whole.values[field.key] for field in substage.fields if field_key in (None, field.key)]
    shared = basis.for_fields(conn, actor=actor, field_ids=[value.field.id for value in shown])
    blocks = [
        _block(conn, shared, whole, material, value, whole.suggestions.get(value.field.key, [])) for value in shown
    ]
    offered = [each for field in substage.fields for each in whole.suggestions.get(field.key, [])]
    return Desk(whole, read.outline, substage, blocks, offered, workers.is_any_alive(conn))


def _open_archived(conn: db.Connection, actor: User, read: _Read, substage_key: str, field_key: str) -> Desk:
    """One field that is put away: for who still had it open, to take their text from there."""
    whole = read.overview
    substage = next(each for each in workflow.everything(conn).substages if each.key == substage_key)
    value = fields.get(conn, post_id=whole.post.id, field_key=field_key)
    offered = whole.suggestions.get(field_key, [])
    shared = basis.for_field(conn, actor=actor, field_id=value.field.id)
    block = _block(conn, shared, whole, Material(whole.values, {}), value, offered)
    return Desk(whole, read.outline, substage, [block], offered, workers.is_any_alive(conn))


def open_section(
    conn: db.Connection, *, actor: User, post_id: int, section_id: int, field_key: str | None = None
) -> Desk:
    """All fields of the section, or only the one named."""
    read = _read(conn, post_id)
    whole, outline = read.overview, read.outline
    section = next((each for each in outline.living + outline.deleted if each.id == section_id), None)
    if section is None:
        raise NotFound("The post has no such section.")
    every = fields.read(conn, read.fields, post_id=post_id, section_id=section_id)
    own = [value for value in every if value.field.is_living or value.field.key == field_key]
    found = items.read(conn, post_id=post_id)
    material = materials.of_place(
        whole, items.living(found), section_id=section_id, own=[value for value in own if value.field.is_living]
    )
    offered = suggestions.list_open(conn, post_id=post_id, section_id=section_id)
    shown = [value for value in own if field_key in (None, value.field.key)]
    shared = basis.for_fields(conn, actor=actor, field_ids=[value.field.id for value in shown])
    blocks = [
        _block(conn, shared, whole, material, value, [each for each in offered if each.field_id == value.field.id])
        for value in shown
    ]
    substage = _substage(conn, whole, own[0].field.substage_key)
    archived = [value for value in every if fields.is_put_away(value)]
    is_alive = workers.is_any_alive(conn)
    return Desk(whole, outline, substage, blocks, offered, is_alive, section, archived, found)


def open_board(conn: db.Connection, *, actor: User, post_id: int, field_key: str) -> Desk:
    """The one field that the allocation board asks with."""
    read = _read(conn, post_id)
    whole = read.overview
    field = next(field for field in read.fields if field.key == field_key)
    value = fields.read_one(conn, field, post_id=post_id)
    found = items.read(conn, post_id=post_id)
    material = materials.of_place(whole, items.living(found))
    offered = whole.suggestions.get(field_key, [])
    shared = basis.for_field(conn, actor=actor, field_id=value.field.id)
    block = _block(conn, shared, whole, material, value, offered)
    substage = _substage(conn, whole, value.field.substage_key)
    return Desk(whole, read.outline, substage, [block], offered, workers.is_any_alive(conn), items=found)


def next_step(conn: db.Connection, *, post_id: int) -> Substage:
    """Where work goes on: the first step with an empty field, the last one of a finished post."""
    whole = overview(conn, post_id=post_id)
    steps = [substage for stage in whole.stages for substage in stage.substages]
    return next((step for step in steps if whole.filled(step) < whole.total(step)), steps[-1])


def overview(conn: db.Connection, *, post_id: int) -> Overview:
    return _read(conn, post_id).overview


def _read(conn: db.Connection, post_id: int) -> _Read:
    """All but the post in one round trip: a page has little else to wait for."""
    post = posts.get(conn, post_id=post_id)
    offered, parts, version, every, steps, stages, texts, stale = db.fetch_together(
        conn,
        suggestions.sql.list_open_cursor(conn, post_id=post_id, section_id=None),
        sections.sql.list_sections_cursor(conn, post_id=post_id),
        sections.sql.list_version_cursor(conn, post_id=post_id),
        workflow.sql.list_fields_cursor(conn),
        workflow.sql.list_substages_cursor(conn),
        workflow.sql.list_stages_cursor(conn),
        fields.revisions_sql.list_current_cursor(conn, post_id=post_id, section_id=None),
        staleness.sql.list_stale_cursor(conn, post_id=post_id),
    )
    waiting: dict[str, list[Suggestion]] = {}
    for suggestion in map(suggestions.of_row, offered):
        waiting.setdefault(suggestion.field_key, []).append(suggestion)
    known = [workflow.field_of(row) for row in every]
    outline = sections.outline_of(parts, version[0]["sections_version"])
    found = fields.values_of(known, texts)
    values = {value.field.key: value for value in found if value.field.is_living}
    whole = Overview(
        post, workflow.stages_of(stages, steps, known), values, waiting, outline.living,
        staleness.of_rows(stale), [value for value in found if fields.is_put_away(value)],
    )  # fmt: skip
    return _Read(whole, outline, known)


def _substage(conn: db.Connection, whole: Overview, key: str) -> Substage:
    """As the overview has it; what it leaves out is looked for, or why it is not there."""
    steps = (substage for stage in whole.stages for substage in stage.substages)
    return next((step for step in steps if step.key == key), None) or workflow.get_substage(conn, key=key)


def _block(
    conn: db.Connection, shared: Basis, whole: Overview, material: Material, value: Value, offered: list[Suggestion]
) -> Block:
    plan, problem, missing = None, None, []
    place = {"post_id": whole.post.id, "section_id": value.section_id, "field_key": value.field.key}
    try:
        plan = plans.make(conn, actor=shared.actor, **place, material=material, shared=shared)  # type: ignore[arg-type]
    except (Invalid, Conflict) as error:
        problem = str(error)
        keys = error.errors if isinstance(error, Invalid) else {}
        missing = [material.values[key] for key in keys if key in material.values]
    offers = [_offer(conn, shared.actor, suggestion, value) for suggestion in offered]
    stale = whole.stale.get((value.section_id, value.field.key), [])
    return Block(value, offers, shared.actions.get(value.field.id, []), plan, problem, missing, stale)


def _offer(conn: db.Connection, actor: User, suggestion: Suggestion, value: Value) -> Offer:
    current = value.revision.id if value.revision else None
    tried = attempts.list_for(conn, actor=actor, task_id=suggestion.task_id)
    is_running = suggestion.status == SuggestionStatus.RUNNING
    is_pending = suggestion.status == SuggestionStatus.PENDING
    asked = f"{tried[-1].model_name} on {tried[-1].provider_name}" if tried else None
    return Offer(
        suggestion=suggestion,
        asked=_first(conn, actor, suggestion) if is_running and not tried else asked,
        tokens=_tokens(conn, suggestion) if is_running else None,
        switches=wording.switches(tried),
        changes=diffs.words(value.text, fields.shaped(value.field, suggestion.output or "")) if is_pending else [],
        has_moved=current != suggestion.base_revision_id,
    )


def _first(conn: db.Connection, actor: User, suggestion: Suggestion) -> str | None:
    """Whom the first call goes to, as far as one can tell now."""
    try:
        asked = candidates.list_for(conn, route_id=suggestion.route_id, model_id=suggestion.model_id, user_id=actor.id)
    except Invalid:
        return None
    resting = candidates.list_resting(conn, candidates=asked)
    first = next((candidate for candidate, why in zip(asked, resting, strict=True) if why is None), asked[0])
    return f"{first.model_name} on {first.provider_name}"


def _tokens(conn: db.Connection, suggestion: Suggestion) -> int:
    task = tasks.get(conn, task_id=suggestion.task_id)
    return pricing.estimate_prompt(tasks.request_of(task).messages)
