"""A task from outside words: a template with inputs or plain messages, a route's or a model's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine.types import Candidate, Message, Parameters
from blogforge_llm.errors import Invalid, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.tasks import Lease, Task
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import resolver
from blogforge_llm.services.registry import candidates, models, offers, routes
from blogforge_llm.services.tasks import tasks


def create(
    conn: db.Connection,
    *,
    actor: User,
    template_id: int | None = None,
    inputs: Mapping[str, Any] | None = None,
    messages: Sequence[Mapping[str, str]] | None = None,
    route: str | None = None,
    model: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    deadline_s: float | None = None,
) -> Task:
    """Raises Invalid for both or neither of template and messages, of route and model, and for unknown names."""
    if (template_id is None) == (messages is None):
        raise Invalid.field("messages", "Give either template_id or messages.")
    if route and model:
        raise Invalid.field("model", "Give either route or model.")
    if inputs and template_id is None:
        raise Invalid.field("inputs", "Inputs fill a template's variables; with messages there are none.")
    route_id, model_id = _route_id(conn, route), _model_id(conn, model)
    # Whoever cannot be asked is refused here, with the reason, rather than later on the task.
    candidates.list_for(conn, route_id=route_id, model_id=model_id, user_id=actor.id)
    given = dict(parameters or {})
    if "stop" in given:
        given["stop"] = tuple(given["stop"])
    chosen: dict[str, Any] = {
        "route_id": route_id,
        "model_id": model_id,
        "parameters": Parameters(**given),
        "deadline_s": deadline_s,
    }
    if messages is not None:
        said = [Message.of(message["role"], message["content"]) for message in messages]
        return tasks.create(conn, actor=actor, messages=said, **chosen)
    resolved = resolver.resolve(conn, template_id=template_id, inputs=dict(inputs or {}))
    return tasks.create(
        conn, actor=actor, messages=resolved.messages, template_version_id=resolved.template_version_id,
        part_version_ids=resolved.part_version_ids, inputs=inputs, **chosen,
    )  # fmt: skip


def create_awaited(
    conn: db.Connection,
    *,
    actor: User,
    name: str,
    messages: Sequence[Message],
    parameters: Parameters,
    deadline_s: float | None,
    lease: Lease,
) -> tuple[Task, list[Candidate]]:
    """A task that runs at once (runner.stream_leased), and whom it may ask: the route or the model of this name.

    Raises NotFound for a name that means nothing, or whom nobody can ask now.
    """
    permissions.require(actor, Permission.RUN_TASKS)
    # Nobody has been asked yet: the row of the attempt, which is written next, flushes this one with it.
    conn.execute("SET LOCAL synchronous_commit = off")
    offer = offers.get(conn, actor=actor, name=name)
    try:
        asked = candidates.list_for(conn, route_id=offer.route_id, model_id=offer.model_id, user_id=actor.id)
    except Invalid as error:
        raise NotFound(str(error)) from error
    task = tasks.create(
        conn, actor=actor, messages=messages, route_id=offer.route_id, model_id=offer.model_id,
        parameters=parameters, deadline_s=deadline_s, is_queued=False, lease=lease,
    )  # fmt: skip
    return task, asked


def _route_id(conn: db.Connection, name: str | None) -> int | None:
    if name is None:
        return None
    route = routes.find_by_name(conn, name=name)
    if route is None:
        raise Invalid.field("route", f"There is no route named {name}.")
    return route.id


def _model_id(conn: db.Connection, name: str | None) -> int | None:
    if name is None:
        return None
    model = models.find_by_name(conn, name=name)
    if model is None:
        raise Invalid.field("model", f"There is no model named {name}.")
    return model.id
