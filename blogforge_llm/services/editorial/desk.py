"""A post as the pages show it: the overview of all its fields, and each field of a step with what is offered to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Overview, Substage, Suggestion, SuggestionStatus, Value
from blogforge_llm.services import diffs
from blogforge_llm.services.editorial import actions, fields, plans, posts, suggestions, workflow
from blogforge_llm.services.registry import candidates
from blogforge_llm.services.tasks import attempts, wording


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion beside the field's text. `has_moved` when the field is no longer what the suggestion was made from."""

    suggestion: Suggestion
    asked: str | None  # whom, while nobody has answered
    switches: list[str]  # one line per change of model
    changes: list[diffs.Change]  # from the field's text to the output
    has_moved: bool
    next_step: str | None  # after a failure


@dataclass(frozen=True, slots=True)
class Block:
    """A field with everything a page shows of it. Either there is a plan, or a `problem` says why there is none."""

    value: Value
    offers: list[Offer]
    actions: list[Action]
    plan: plans.Plan | None
    problem: str | None
    missing: list[Value]  # the empty fields that the prompt needs


def overview(conn: db.Connection, *, post_id: int) -> Overview:
    post = posts.get(conn, post_id=post_id)
    waiting: dict[str, list[Suggestion]] = {}
    for suggestion in suggestions.list_open(conn, post_id=post_id):
        waiting.setdefault(suggestion.field_key, []).append(suggestion)
    values = {value.field.key: value for value in fields.list_values(conn, post_id=post_id)}
    return Overview(post, workflow.list_stages(conn), values, waiting)


def blocks(conn: db.Connection, *, actor: User, whole: Overview, substage: Substage) -> list[Block]:
    return [block(conn, actor=actor, whole=whole, field_key=field.key) for field in substage.fields]


def block(conn: db.Connection, *, actor: User, whole: Overview, field_key: str) -> Block:
    value = whole.values[field_key]
    plan, problem, missing = None, None, []
    try:
        plan = plans.make(conn, actor=actor, post_id=whole.post.id, field_key=field_key)
    except (Invalid, Conflict) as error:
        problem = str(error)
        keys = error.errors if isinstance(error, Invalid) else {}
        missing = [whole.values[key] for key in keys if key in whole.values]
    offers = [offer(conn, actor=actor, suggestion=each, value=value) for each in whole.suggestions.get(field_key, [])]
    return Block(value, offers, actions.list_for_field(conn, value.field.id), plan, problem, missing)


def offer(conn: db.Connection, *, actor: User, suggestion: Suggestion, value: Value) -> Offer:
    current = value.revision.id if value.revision else None
    tried = attempts.list_for(conn, actor=actor, task_id=suggestion.task_id)
    is_pending = suggestion.status == SuggestionStatus.PENDING
    output = fields.shaped(value.field, suggestion.output or "")
    return Offer(
        suggestion=suggestion,
        asked=f"{tried[-1].model_name} on {tried[-1].provider_name}" if tried else _first(conn, actor, suggestion),
        switches=wording.switches(tried),
        changes=diffs.words(value.text, output) if is_pending else [],
        has_moved=current != suggestion.base_revision_id,
        next_step=wording.NEXT_STEPS.get(suggestion.error_category) if suggestion.error_category else None,
    )


def running(offers: Iterable[Suggestion]) -> list[int]:
    """The tasks a page must follow."""
    return [suggestion.task_id for suggestion in offers if suggestion.status == SuggestionStatus.RUNNING]


def _first(conn: db.Connection, actor: User, suggestion: Suggestion) -> str | None:
    if suggestion.status != SuggestionStatus.RUNNING:
        return None
    try:
        first = candidates.list_for(conn, route_id=suggestion.route_id, model_id=suggestion.model_id, user_id=actor.id)[
            0
        ]
    except Invalid:
        return None
    return f"{first.model_name} on {first.provider_name}"
