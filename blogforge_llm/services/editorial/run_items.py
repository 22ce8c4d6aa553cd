"""The items of runs: released when what they need is there, offered to their fields from then on, and accepted where
the editor said so. All of it happens in the transaction that stores an answer, so a worker that dies loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Conflict, DomainError
from blogforge_llm.records.accounts import User
from blogforge_llm.records.batches import Batch, Finished, Held, ItemStatus, Planned
from blogforge_llm.records.editorial import SuggestionStatus
from blogforge_llm.records.tasks import Task
from blogforge_llm.services.accounts import users
from blogforge_llm.services.editorial import dependencies, fields, materials, plans, suggestions
from blogforge_llm.services.editorial.dependencies import Needs
from blogforge_llm.services.editorial.materials import Material
from blogforge_llm.services.prompts import outcomes
from blogforge_llm.services.tasks import batches, kinds, tasks, waiting

sql = db.load("editorial/runs")

KIND = "runs"


def begin(conn: db.Connection, actor: User, batch: Batch) -> None:
    """Ask for what needs nothing more. Raises Conflict when, since the plan, nothing is left to ask for."""
    if not _advance(conn, actor, batch.id):
        raise Conflict("The post changed since this was planned, and nothing of it can be asked now. Plan it again.")


def use(conn: db.Connection, item: Finished, task: Task) -> None:
    """Its suggestion is there since the item was released; here it counts, and is accepted where the editor said so."""
    if item.status is not ItemStatus.SUCCEEDED:
        return
    outcomes.offer(conn, task_id=task.id)
    asker = _find(conn, task.asked_by)
    if asker is not None and item.subject["accepts"]:
        _accept(conn, asker, task.id)


def settle(conn: db.Connection, batch_id: int) -> None:
    """What waited for the items that ended goes on, or is dropped."""
    held = waiting.list_(conn, batch_id=batch_id)
    if not held:
        return
    asker = _find(conn, batches.look_up(conn, batch_ids=[batch_id])[batch_id].asked_by)
    if asker is not None:
        _advance(conn, asker, batch_id)
    else:
        gone = "Whoever started the run is gone. Somebody else can run ahead again."
        waiting.drop(conn, batch_id=batch_id, why={each.id: gone for each in held})


def _find(conn: db.Connection, user_id: int | None) -> User | None:
    return None if user_id is None else users.find(conn, user_id=user_id)


def lacking(names: Iterable[str]) -> str:
    """Why something cannot be asked, by what it needs."""
    return f"It needs {', '.join(names)}, which a person must decide about or write first."


def _accept(conn: db.Connection, actor: User, task_id: int) -> None:
    """Into a field that is as empty as it was. Whatever speaks against it leaves a suggestion that waits."""
    suggestion = suggestions.lock(conn, suggestion_id=sql.get_suggestion_id(conn, task_id=task_id))
    if suggestion.status is not SuggestionStatus.PENDING or not suggestion.is_ai:
        return
    others = suggestions.list_open(conn, post_id=suggestion.post_id, section_id=suggestion.section_id)
    if any(each.field_id == suggestion.field_id and each.id != suggestion.id for each in others):
        return  # somebody asked for it too, and will choose
    try:
        with conn.transaction():
            suggestions.accept(conn, actor=actor, suggestion_id=suggestion.id)
    except DomainError:
        return


def _advance(conn: db.Connection, actor: User, batch_id: int) -> int:
    """Release what can be asked now, and drop what can never be. Returns how many were released."""
    released = 0
    while held := waiting.list_(conn, batch_id=batch_id):
        post_id = held[0].subject["post"]
        known = {
            each.key: Needs(frozenset(each.subject["required"]), frozenset(each.subject["wanted"])) for each in held
        }
        filled = {row["key"] for row in sql.list_filled(conn, post_id=post_id)}
        going = waiting.going(conn, batch_id=batch_id)
        decision = dependencies.decide(known, filled=filled, going=going)
        if not decision.ready and not decision.stopped:
            break
        by_key = {each.key: each for each in held}
        names = {key: by_key[key].subject["required"] for key in decision.stopped}
        why = {by_key[key].id: lacking(names[key][lack] for lack in lacks) for key, lacks in decision.stopped.items()}
        taken = _taken(conn, post_id, [by_key[key] for key in decision.ready], filled)
        waiting.drop(conn, batch_id=batch_id, why=why | taken)
        released += _release(
            conn, actor, batch_id, [by_key[key] for key in decision.ready if by_key[key].id not in taken]
        )
    return released


def _taken(conn: db.Connection, post_id: int, ready: list[Held], filled: set[str]) -> dict[int, str]:
    """Those whose field got something since the plan: nobody asks there any more."""
    offered = {row["key"] for row in sql.list_offered(conn, post_id=post_id)}
    why = {held.id: "It was written meanwhile." for held in ready if held.subject["empty"] and held.key in filled}
    return why | {held.id: "A suggestion waits there meanwhile." for held in ready if held.key in offered}


def _release(conn: db.Connection, actor: User, batch_id: int, ready: list[Held]) -> int:
    """With the prompts as the texts are now. What cannot be asked is dropped with the reason."""
    planned: dict[int, Planned] = {}
    made: dict[int, plans.Plan] = {}
    why: dict[int, str] = {}
    loaded: dict[int | None, Material] = {}
    for held in ready:
        try:
            plan = _plan(conn, actor, held.subject, loaded)
        except DomainError as error:
            why[held.id] = str(error)
        else:
            made[held.id], planned[held.id] = plan, _planned(held, plan)
    waiting.drop(conn, batch_id=batch_id, why=why)
    subjects = {held.id: held.subject for held in ready}
    tasks_of = waiting.release(conn, batch_id=batch_id, planned=planned)
    for item_id, task_id in tasks_of.items():
        subject, plan = subjects[item_id], made[item_id]
        suggestions.note(
            conn, actor=actor, post_id=subject["post"], section_id=subject["section"], plan=plan, task_id=task_id
        )
    return len(tasks_of)


def _plan(conn: db.Connection, actor: User, subject: dict[str, Any], loaded: dict[int | None, Material]) -> plans.Plan:
    post_id, section_id = subject["post"], subject["section"]
    fields.lock_live(conn, post_id=post_id, section_id=section_id)
    place = {"post_id": post_id, "section_id": section_id, "field_key": subject["field"]}
    if section_id is not None and section_id not in loaded:
        loaded[section_id] = materials.load(conn, post_id=post_id, section_id=section_id)
    return plans.make(conn, actor=actor, **place, action_id=subject["action"], material=loaded.get(section_id))


def _planned(held: Held, plan: plans.Plan) -> Planned:
    said = [{"role": message.role, "content": message.text} for message in plan.resolved.messages]
    return Planned(
        held.key, said, template_version_id=plan.resolved.template_version_id,
        part_version_ids=plan.resolved.part_version_ids, inputs=plan.inputs, route_id=plan.route_id,
        model_id=plan.model_id, parameters=tasks.given(plan.parameters), contract=tasks.given(plan.contract),
        subject=held.subject,
    )  # fmt: skip


kinds.register(kinds.Kind(KIND, "Runs", use, begin, settle))
