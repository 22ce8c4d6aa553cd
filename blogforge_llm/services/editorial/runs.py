"""Runs: drafting many sections at once, and running ahead through a post, as one batch. Here they are planned and read;
starting, pausing and so on is batches.py, what happens to each item is run_items.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import NotFound, Unfit
from blogforge_llm.records import runs as records
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.batches import Planned
from blogforge_llm.records.editorial import Scope
from blogforge_llm.records.runs import Accepts, Run, Step
from blogforge_llm.services.accounts import permissions, settings
from blogforge_llm.services.editorial import actions, asks, dependencies, fields, posts, run_items, workflow
from blogforge_llm.services.editorial.asks import Ask, Pair
from blogforge_llm.services.editorial.dependencies import Needs, Order
from blogforge_llm.services.tasks import batches, tasks

sql = db.load("editorial/runs")

DRAFTS = "drafts"
_CONCURRENCY = 8
_NEWEST = 2**63 - 1


def draft(
    conn: db.Connection, *, actor: User, post_id: int, action_ids: Sequence[int],
    section_ids: Sequence[int] | None = None, accepts: Accepts = Accepts.NOTHING, refreshes: bool = False,
    budget: Decimal | None = None,
) -> Run:  # fmt: skip
    """Plan these actions for these sections, or for all. Raises Invalid when nothing of it can be asked."""
    _require(actor)
    pairs = asks.of_sections(conn, post_id=post_id, section_ids=section_ids, action_ids=action_ids)
    return _plan(conn, actor, post_id, DRAFTS, pairs, accepts, refreshes, budget)


def ahead(
    conn: db.Connection, *, actor: User, post_id: int, scope: str = "post", accepts: Accepts = Accepts.EMPTY,
    refreshes: bool = False, budget: Decimal | None = None,
) -> Run:  # fmt: skip
    """Plan the usual actions of the post, a stage (stage:planning) or a step (substage:idea), in the order of what they
    need. Raises Invalid when nothing of it can be asked, saying why, and NotFound."""
    _require(actor)
    pairs = asks.of_scope(conn, post_id=post_id, scope=scope)
    return _plan(conn, actor, post_id, scope, pairs, accepts, refreshes, budget)


def get(conn: db.Connection, *, run_id: int) -> Run:
    """With its steps. Runs are seen by whoever sees the post; only their batch's owner and admins may change them."""
    row = sql.get_run(conn, batch_id=run_id)
    if row is None:
        raise NotFound("There is no such run.")
    return _runs(conn, [row])[0]


def list_(conn: db.Connection, *, post_id: int, before_id: int | None = None, limit: int = 20) -> list[Run]:
    """Of a post, the newest first, below `before_id`."""
    posts.get(conn, post_id=post_id)
    return _runs(conn, list(sql.list_runs(conn, post_id=post_id, before_id=before_id or _NEWEST, limit=limit)))


def list_begun(conn: db.Connection, *, post_id: int, before_id: int | None = None, limit: int = 20) -> list[Run]:
    """Those of `list_` that were started, or cancelled before."""
    posts.get(conn, post_id=post_id)
    return _runs(conn, list(sql.list_begun(conn, post_id=post_id, before_id=before_id or _NEWEST, limit=limit)))


def list_plans(conn: db.Connection, *, post_id: int, limit: int = 20) -> list[Run]:
    """Those that were never started, the newest first."""
    return _runs(conn, list(sql.list_plans(conn, post_id=post_id, limit=limit)))


def discard_others(conn: db.Connection, *, actor: User, run: Run) -> None:
    """The actor's other plans of the same scope: asking for a plan again is not asking for two."""
    sql.delete_plans_of(conn, post_id=run.post_id, scope=run.scope, user_id=actor.id, but_id=run.id)


def days_of_plans(conn: db.Connection) -> int:
    """How long a plan waits to be started before it is forgotten; 0: for ever."""
    days: int = settings.value(conn, key="keep_plans_days")
    return days


def forget_plans(conn: db.Connection, *, days: int, limit: int) -> int:
    """Plans that nobody started for so many days: the post has moved on. Returns how many."""
    count: int = sql.forget_plans(conn, days=days, limit=limit)
    return count


def list_going(conn: db.Connection, *, post_id: int) -> list[Run]:
    """What asks for the post now, or is paused."""
    return _runs(conn, list(sql.list_going(conn, post_id=post_id)))


def titles(conn: db.Connection, scopes: Iterable[str]) -> dict[str, str]:
    """What a run of each scope does, in words; of a step that is no more, its key."""
    named = {DRAFTS: "Drafting sections", "post": "Run ahead: the whole post"}
    for stage in workflow.list_stages(conn):
        named[f"stage:{stage.key}"] = f"Run ahead: {stage.name}"
        named |= {f"substage:{step.key}": f"Run ahead: {step.name}" for step in stage.substages}
    return {scope: named.get(scope) or f"Run ahead: {scope.partition(':')[2]}" for scope in scopes}


def _require(actor: User) -> None:
    permissions.require(actor, Permission.RUN_TASKS)
    permissions.require(actor, Permission.WRITE_POSTS)


def _plan(
    conn: db.Connection, actor: User, post_id: int, scope: str, pairs: Sequence[Pair], accepts: Accepts,
    refreshes: bool, budget: Decimal | None,
) -> Run:  # fmt: skip
    title = fields.lock_live(conn, post_id=post_id)
    every = asks.look_at(conn, post_id=post_id, pairs=pairs)
    filled = {row["key"] for row in sql.list_filled(conn, post_id=post_id)}
    wanted, left = _sorted_out(conn, post_id, every, filled, refreshes, is_chosen=scope == DRAFTS)
    accepted = {key for key, ask in wanted.items() if _accepts(ask, accepts, filled)}
    order = dependencies.order(
        {key: Needs(ask.needs.required, ask.needs.wanted & accepted) for key, ask in wanted.items()},
        filled=filled, accepted=accepted,
    )  # fmt: skip
    left += [_stopped(wanted[key], lacks) for key, lacks in order.stopped.items()]
    if not any(section for section, _ in pairs) and _lacks_sections(conn, scope):
        left.append(_NO_SECTIONS)
    if not order.layers:
        raise Unfit(_nothing(left))
    name = f"{titles(conn, [scope])[scope]} of {title}"[:200]
    batch = batches.plan(
        conn, actor=actor, title=name, kind=run_items.KIND, concurrency=_CONCURRENCY, budget=budget,
        items=_planned(post_id, wanted, order, accepted, filled),
    )  # fmt: skip
    sql.create_run(
        conn,
        batch_id=batch.id,
        post_id=post_id,
        scope=scope,
        accepts=accepts,
        refreshes=refreshes,
        left_out=Jsonb(left),
    )
    return get(conn, run_id=batch.id)


def _sorted_out(
    conn: db.Connection, post_id: int, every: Sequence[Ask], filled: set[str], refreshes: bool, *, is_chosen: bool
) -> tuple[dict[str, Ask], list[dict[str, Any]]]:
    """What is asked for, by key, and what is left out. `is_chosen`: somebody named the actions, so that one which makes
    another text of a field's own is meant for filled ones."""
    offered = {row["key"] for row in sql.list_offered(conn, post_id=post_id)}
    wanted: dict[str, Ask] = {}
    left: list[dict[str, Any]] = []
    for ask in every:
        why, stops = _why_not(ask, filled, offered, refreshes or (is_chosen and ask.is_rework))
        if why:
            left.append(_of_target(ask) | {"why": why, "stops": stops})
        else:
            wanted[ask.target.key] = ask
    return wanted, left


def _why_not(ask: Ask, filled: set[str], offered: set[str], refreshes: bool) -> tuple[str | None, bool]:
    """Why a field is left out, and whether a person must do something about it."""
    key = ask.target.key
    if key in offered:
        return "A suggestion waits there: decide about it first.", True
    if key in filled and ask.scope != Scope.BOARD and not refreshes:
        return "It has a text already.", False
    return ask.problem, ask.scope != Scope.BOARD  # a board without anything to allocate is nobody's duty


def _accepts(ask: Ask, accepts: Accepts, filled: set[str]) -> bool:
    """Whether its answer becomes the text by itself: never over a text, and never where somebody must choose."""
    is_free = ask.target.key not in filled and ask.scope != Scope.BOARD
    return accepts is Accepts.EMPTY and is_free and not ask.action.needs_choice


def _planned(
    post_id: int, wanted: Mapping[str, Ask], order: Order, accepted: set[str], filled: set[str]
) -> list[Planned]:
    planned = []
    for layer, keys in enumerate(order.layers, 1):
        for key in keys:
            ask = wanted[key]
            parameters, contract = actions.engine_settings(ask.action)
            subject = _of_target(ask) | {
                "post": post_id, "action": ask.action.id, "action_name": ask.action.name, "layer": layer,
                "accepts": key in accepted, "empty": key not in filled, "wanted": sorted(ask.needs.wanted & accepted),
                "required": {need: ask.names[need] for need in sorted(ask.needs.required)},
            }  # fmt: skip
            planned.append(
                Planned(
                    key,
                    (),
                    template_version_id=ask.action.template_version_id,
                    route_id=ask.action.route_id,
                    parameters=tasks.given(parameters),
                    contract=tasks.given(contract),
                    subject=subject,
                    is_waiting=True,
                    prompt_tokens=ask.tokens,
                )
            )
    return planned


def _stopped(ask: Ask, lacks: Sequence[str]) -> dict[str, Any]:
    return _of_target(ask) | {"why": run_items.lacking([ask.names[key] for key in lacks]), "stops": True}


def _of_target(ask: Ask) -> dict[str, Any]:
    target = ask.target
    return {
        "key": target.key, "section": target.section_id, "code": target.code, "field": target.field_key,
        "name": target.name,
    }  # fmt: skip


_NO_SECTIONS = {
    "key": "sections", "section": None, "code": None, "field": "sections", "name": "Sections", "stops": True,
    "why": "There are none yet. Take them from the headings, then run ahead again.",
}  # fmt: skip


def _lacks_sections(conn: db.Connection, scope: str) -> bool:
    """Whether the scope has fields of sections, so that their lack is worth a word."""
    if scope == DRAFTS:
        return False
    return any(field.scope == Scope.SECTION for field in asks.fields_of(conn, scope=scope))


def _nothing(left: Sequence[Mapping[str, Any]]) -> str:
    stops = [each for each in left if each["stops"]]
    if not stops:
        return "Everything here has a text already. Ask for suggestions beside the texts, or write on."
    words = " ".join(
        f"{each['code'] + ': ' if each['code'] else ''}{each['name']}. {each['why']}" for each in stops[:5]
    )
    return f"Nothing can be asked yet. {words}"


def _runs(conn: db.Connection, rows: Sequence[dict[str, Any]]) -> list[Run]:
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    found, steps = batches.look_up(conn, batch_ids=ids), defaultdict[int, list[Step]](list)
    for each in sql.list_steps(conn, batch_ids=ids):
        steps[each["batch_id"]].append(records.step(each))
    return [
        Run(**row | {
            "accepts": Accepts(row["accepts"]), "left_out": [records.left_out(each) for each in row["left_out"]],
            "batch": found[row["id"]], "steps": steps[row["id"]],
        })
        for row in rows
    ]  # fmt: skip
