"""Texts that models offer to a field, from the click on; only acceptance lets one in. What is asked is in plans.py."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Origin, Place, Revision, Scope, Suggestion, SuggestionStatus
from blogforge_llm.services import distances, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, plans, posts, revisions, workflow
from blogforge_llm.services.prompts import outcomes
from blogforge_llm.services.tasks import items as batch_items
from blogforge_llm.services.tasks import tasks

sql = db.load("editorial/suggestions")

MOST_AT_ONCE = 4
_NEWEST = 2**63 - 1


class _Base(Enum):
    OWN = "the revision the suggestion was made from"


OWN_BASE = _Base.OWN


def create(
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
    count: int = 1,
    instead_of: int | None = None,
) -> list[Suggestion]:
    """Ask `count` times (1-4) what the field's action asks; the failed suggestion `instead_of` is put away.

    Raises Invalid as plans.make does, and Conflict for a deleted post.
    """
    permissions.require(actor, Permission.RUN_TASKS)
    permissions.require(actor, Permission.WRITE_POSTS)
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid.field("count", f"Ask for 1 to {MOST_AT_ONCE} suggestions at once.")
    fields.lock_live(conn, post_id=post_id, section_id=section_id)
    plan = plans.make(
        conn, actor=actor, post_id=post_id, section_id=section_id, field_key=field_key, action_id=action_id,
        route_id=route_id, model_id=model_id, parameters=parameters,
    )  # fmt: skip
    if instead_of is not None:
        _ask_instead(conn, actor, instead_of)
    return [_ask(conn, actor, post_id, section_id, plan) for _ in range(count)]


def offer(conn: db.Connection, *, actor: User, task_id: int, post_id: int, field_key: str) -> Suggestion:
    """Offer what a task wrote to a field, on the revision that its inputs came from if they came from this post, else
    on the newest. Raises Conflict while it has no output, when it was offered before, and for a deleted post."""
    permissions.require(actor, Permission.WRITE_POSTS)
    fields.lock_live(conn, post_id=post_id)
    task, field = tasks.get(conn, task_id=task_id), workflow.get_field(conn, key=field_key)
    if field.scope != Scope.POST:
        raise NotFound("Posts have no such field.")
    workflow.require_living(field)
    if not task.output:
        raise Conflict("This task has no output, so there is nothing to offer.")
    message = "This output was offered to a field before. Run it again to offer it once more."
    with uniqueness.guard(conn, constraint="suggestions_task_id_key", message=message):
        suggestion_id = sql.create_suggestion(
            conn, post_id=post_id, section_id=None, field_id=field.id, action_id=None, task_id=task_id,
            user_id=actor.id, base_revision_id=sql.get_base(conn, post_id=post_id, field_id=field.id, task_id=task_id),
        )  # fmt: skip
    return get(conn, suggestion_id=suggestion_id)


def get(conn: db.Connection, *, suggestion_id: int) -> Suggestion:
    row = sql.get_suggestion(conn, suggestion_id=suggestion_id)
    if row is None:
        raise NotFound("There is no such suggestion.")
    return of_row(row)


def find_place(conn: db.Connection, *, task_id: int) -> Place | None:
    """The field a task writes for; None for tasks that are nobody's suggestion."""
    row = sql.get_place_of_task(conn, task_id=task_id)
    return Place(**row | {"scope": Scope(row["scope"])}) if row else None


def list_open(conn: db.Connection, *, post_id: int, section_id: int | None = None) -> list[Suggestion]:
    """Running, failed and pending ones in all fields of the post, or of one of its sections, the oldest first."""
    return [of_row(row) for row in sql.list_open(conn, post_id=post_id, section_id=section_id)]


def list_(
    conn: db.Connection,
    *,
    post_id: int,
    field_key: str,
    section_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Suggestion]:
    """All of a field, whatever became of them, the newest first, below `before_id`."""
    field = fields.get(conn, post_id=post_id, section_id=section_id, field_key=field_key).field
    before = _NEWEST if before_id is None else before_id
    rows = sql.list_suggestions(
        conn, post_id=post_id, section_id=section_id, field_id=field.id, before_id=before, limit=limit
    )
    return [of_row(row) for row in rows]


def accept(
    conn: db.Connection,
    *,
    actor: User,
    suggestion_id: int,
    text: str | None = None,
    base_revision_id: int | _Base | None = OWN_BASE,
) -> Revision:
    """Write the output, or `text` made from it, into the field as a new revision. What else waits in the field for a
    decision is put away with it; `reopen` takes all of it back.

    Raises Conflict when the field moved on from the base (its `current` is what is there), when somebody decided
    before, and while there is nothing to accept.
    """
    permissions.require(actor, Permission.WRITE_POSTS)
    suggestion = lock(conn, suggestion_id=suggestion_id)
    _require_undecided(suggestion)
    if workflow.get_field(conn, key=suggestion.field_key).scope == Scope.BOARD:
        raise Conflict("These are labels for the allocation board. Apply them there instead of accepting them.")
    return let_in(conn, actor=actor, suggestion=suggestion, text=text, base_revision_id=base_revision_id)


def let_in(
    conn: db.Connection,
    *,
    actor: User,
    suggestion: Suggestion,
    text: str | None = None,
    base_revision_id: int | _Base | None = OWN_BASE,
) -> Revision:
    """The writing itself, for who has locked the suggestion: accept, and the allocation board."""
    _require_undecided(suggestion)
    if suggestion.status != SuggestionStatus.PENDING:
        raise Conflict(_NOTHING_TO_ACCEPT[suggestion.status])
    output = suggestion.output or ""
    kind, text = (Unfit, output) if text is None else (Invalid, text)
    if not text.strip():
        raise kind.field("text", "There is no text to accept. Discard the suggestion instead.")
    field = workflow.get_field(conn, key=suggestion.field_key)
    is_edited = fields.shaped(field, text) != fields.shaped(field, output)
    revision = fields.save(
        conn,
        actor=actor,
        post_id=suggestion.post_id,
        section_id=suggestion.section_id,
        field_key=suggestion.field_key,
        text=text,
        base_revision_id=suggestion.base_revision_id if base_revision_id is OWN_BASE else base_revision_id,
        origin=Origin.EDITED if is_edited else Origin.ACCEPTED,
        suggestion_id=suggestion.id,
    )
    assert revision is not None  # the text is not empty
    decision = SuggestionStatus.EDITED if is_edited else SuggestionStatus.ACCEPTED
    distance = distances.normalised(fields.shaped(field, output), fields.shaped(field, text)) if is_edited else None
    rivals = [row["id"] for row in sql.list_rivals(conn, suggestion_id=suggestion.id)]
    with outcomes.recounted(conn, [suggestion.id, *rivals]):
        _decide(conn, actor, suggestion.id, decision, revision_id=revision.id, edit_distance=distance)
        sql.pass_over(conn, suggestion_ids=rivals, chosen_id=suggestion.id, user_id=actor.id)
    return revision


def reopen(conn: db.Connection, *, actor: User, suggestion_id: int) -> Suggestion:
    """Take an acceptance back: the text before it again, and every suggestion it put away open again. Raises Conflict
    when the field moved on since, or nothing was accepted."""
    permissions.require(actor, Permission.WRITE_POSTS)
    suggestion = lock(conn, suggestion_id=suggestion_id)
    if suggestion.revision_id is None:
        raise Conflict("This suggestion is not accepted, so there is nothing to undo.")
    accepted = revisions.get(conn, revision_id=suggestion.revision_id)
    if accepted.suggestion_id != suggestion.id:
        raise Conflict("Accepting it changed nothing, so there is nothing to undo.")
    back = revisions.restore(
        conn, actor=actor, post_id=suggestion.post_id, section_id=suggestion.section_id, field_key=suggestion.field_key,
        revision_id=accepted.base_revision_id, base_revision_id=accepted.id,
    )  # fmt: skip
    ids = [suggestion.id, *list_passed_over(conn, suggestion_id=suggestion.id)]
    with outcomes.recounted(conn, ids):
        sql.reopen(
            conn, suggestion_ids=ids, old_base=accepted.base_revision_id, new_base=back.id if back else None
        )  # fmt: skip
    return get(conn, suggestion_id=suggestion_id)


def list_passed_over(conn: db.Connection, *, suggestion_id: int) -> list[int]:
    """What accepting this one put away."""
    return [row["id"] for row in sql.list_passed_over(conn, suggestion_id=suggestion_id)]


def discard(conn: db.Connection, *, actor: User, suggestion_id: int) -> Suggestion:
    """Refuse it, or stop it while it is being written. Again does nothing. Raises Conflict once it was accepted."""
    permissions.require(actor, Permission.WRITE_POSTS)
    if get(conn, suggestion_id=suggestion_id).status == SuggestionStatus.RUNNING:
        return withdraw(conn, actor=actor, suggestion_id=suggestion_id)
    suggestion = lock(conn, suggestion_id=suggestion_id)
    if suggestion.status in {SuggestionStatus.ACCEPTED, SuggestionStatus.EDITED}:
        _require_undecided(suggestion)
    if suggestion.is_open:
        with outcomes.recounted(conn, [suggestion_id]):
            _decide(conn, actor, suggestion_id, SuggestionStatus.DISCARDED)
    return get(conn, suggestion_id=suggestion_id)


def withdraw(conn: db.Connection, *, actor: User, suggestion_id: int) -> Suggestion:
    """Stop it while it is being written; one that is there already stays as it is."""
    permissions.require(actor, Permission.RUN_TASKS)
    suggestion = get(conn, suggestion_id=suggestion_id)
    if suggestion.status == SuggestionStatus.RUNNING and batch_items.stop(conn, task_id=suggestion.task_id):
        return get(conn, suggestion_id=suggestion_id)  # it waited for its turn in a batch, whose lock comes first
    suggestion = lock(conn, suggestion_id=suggestion_id)
    if suggestion.status != SuggestionStatus.RUNNING:
        return suggestion
    try:
        with conn.transaction():
            tasks.cancel(conn, actor=actor, task_id=suggestion.task_id)
    except Conflict:  # it ended between our look and the cancel
        return get(conn, suggestion_id=suggestion_id)
    _decide(conn, actor, suggestion_id, SuggestionStatus.WITHDRAWN)
    return get(conn, suggestion_id=suggestion_id)


_DEEDS = {SuggestionStatus.DISCARDED: "discarded", SuggestionStatus.WITHDRAWN: "stopped"}
_NOTHING_TO_ACCEPT = {
    SuggestionStatus.RUNNING: "This suggestion is still being written. Wait for its end, then accept it.",
    SuggestionStatus.FAILED: "This suggestion failed, so there is nothing to accept. Try again.",
    SuggestionStatus.WITHDRAWN: "This suggestion was stopped, so there is nothing to accept. Ask again.",
}


def _ask(conn: db.Connection, actor: User, post_id: int, section_id: int | None, plan: plans.Plan) -> Suggestion:
    task_id = tasks.add(
        conn,
        actor=actor,
        messages=plan.resolved.messages,
        template_version_id=plan.resolved.template_version_id,
        part_version_ids=plan.resolved.part_version_ids,
        inputs=plan.inputs,
        route_id=plan.route_id,
        model_id=plan.model_id,
        parameters=plan.parameters,
        contract=plan.contract,
    )
    return get(
        conn, suggestion_id=note(conn, actor=actor, post_id=post_id, section_id=section_id, plan=plan, task_id=task_id)
    )


def note(
    conn: db.Connection, *, actor: User, post_id: int, section_id: int | None, plan: plans.Plan, task_id: int
) -> int:
    """The suggestion that a task made to this plan will be, for whoever made the task. Returns its id."""
    suggestion_id: int = sql.create_suggestion(
        conn, post_id=post_id, section_id=section_id, field_id=plan.field.id, action_id=plan.action.id,
        task_id=task_id, base_revision_id=plan.base_revision_id, user_id=actor.id,
    )  # fmt: skip
    return suggestion_id


def _ask_instead(conn: db.Connection, actor: User, suggestion_id: int) -> None:
    """Somebody is not content with this one: a failure is put away, a text stays to be compared with."""
    suggestion = lock(conn, suggestion_id=suggestion_id)
    if suggestion.status == SuggestionStatus.FAILED:
        discard(conn, actor=actor, suggestion_id=suggestion_id)
    elif suggestion.status == SuggestionStatus.PENDING:
        with outcomes.recounted(conn, [suggestion_id]):
            sql.note_asked_again(conn, suggestion_id=suggestion_id)


def _decide(
    conn: db.Connection, actor: User, suggestion_id: int, decision: SuggestionStatus, *,
    revision_id: int | None = None, edit_distance: float | None = None,
) -> None:  # fmt: skip
    sql.decide(
        conn, suggestion_id=suggestion_id, decision=decision, user_id=actor.id, revision_id=revision_id,
        edit_distance=edit_distance,
    )  # fmt: skip


def lock(conn: db.Connection, *, suggestion_id: int) -> Suggestion:
    """The suggestion as it is once everybody else who writes its post is through. The post first: no deadlock."""
    suggestion = get(conn, suggestion_id=suggestion_id)
    posts.lock(conn, post_id=suggestion.post_id)
    sql.lock_suggestion(conn, suggestion_id=suggestion_id)
    return get(conn, suggestion_id=suggestion_id)


def _require_undecided(suggestion: Suggestion) -> None:
    if suggestion.decided_at is None:
        return
    who, when = suggestion.decided_by_name or "Somebody", f"{suggestion.decided_at:%-d %B, %H:%M} UTC"
    did = _DEEDS.get(suggestion.status, "accepted")
    raise Conflict(
        f"{who} already {did} this suggestion on {when}. Nothing was changed now.",
        current={
            "status": str(suggestion.status), "by": suggestion.decided_by_name,
            "at": suggestion.decided_at.isoformat(), "revision": suggestion.revision_id,
        },
    )  # fmt: skip


def of_row(row: dict[str, Any]) -> Suggestion:
    return Suggestion(**{**row, "status": SuggestionStatus(row["status"])})
