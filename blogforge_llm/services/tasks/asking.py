"""A task from outside words: a template with inputs or plain messages, a route's or a model's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from blogforge_llm import db
from blogforge_llm.engine.types import Candidate, Message, Parameters
from blogforge_llm.errors import Invalid, Missing, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.prompts import MessageRole
from blogforge_llm.records.tasks import Lease, Task
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import resolver, templates
from blogforge_llm.services.registry import candidates, models, offers, routes
from blogforge_llm.services.tasks import tasks


class Whom(TypedDict):
    """A route or one model; neither means the default route."""

    route_id: int | None
    model_id: int | None


MOST_MESSAGES = 500
_LONGEST = 1_000_000  # characters of one message


def create(
    conn: db.Connection,
    *,
    actor: User,
    template_id: int | None = None,
    version: int | None = None,
    inputs: Mapping[str, Any] | None = None,
    override: Sequence[Mapping[str, str]] | None = None,
    messages: Sequence[Mapping[str, str]] | None = None,
    route: str | None = None,
    model: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    deadline_s: float | None = None,
) -> Task:
    """Raises Invalid for both or neither of template and messages, of route and model, and for unknown names."""
    if (template_id is None) == (messages is None):
        raise Invalid.field("messages", "Give either template_id or messages.")
    to_ask = whom(conn, route=route, model=model)
    for name, given in (("inputs", inputs), ("version", version), ("override", override)):
        if given and template_id is None:
            raise Invalid.field(name, f"{name} goes with a template; with messages there is none.")
    # Whoever cannot be asked is refused here, with the reason, rather than later on the task.
    candidates.list_for(conn, **to_ask, user_id=actor.id)
    if template_id is None:
        asked: tasks.Options = {"messages": [Message.of(each["role"], each["content"]) for each in messages or ()]}
    else:
        asked = prompt_of(conn, template_id=template_id, version=version, inputs=inputs or {}, override=override)
    asked |= {
        "route_id": to_ask["route_id"], "model_id": to_ask["model_id"], "parameters": parameters_of(parameters or {}),
        "deadline_s": deadline_s,
    }  # fmt: skip
    return tasks.create(conn, actor=actor, **asked)


def whom(conn: db.Connection, *, route: str | None, model: str | None) -> Whom:
    """Those of these names; neither means the default route. Raises Invalid for both, and Missing."""
    if route and model:
        raise Invalid.field("model", "Give either route or model.")
    found_route = routes.find_by_name(conn, name=route) if route else None
    found_model = models.find_by_name(conn, name=model) if model else None
    if route and found_route is None:
        raise Missing.field("route", f"There is no route named {route}.")
    if model and found_model is None:
        raise Missing.field("model", f"There is no model named {model}.")
    return {
        "route_id": found_route.id if found_route else None,
        "model_id": found_model.id if found_model else None,
    }


def prompt_of(
    conn: db.Connection,
    *,
    template_id: int,
    version: int | None = None,
    inputs: Mapping[str, Any],
    override: Sequence[Mapping[str, str]] | None = None,
) -> tasks.Options:
    """What tasks.create needs of a template: its messages, or `override` in their place for this once, marked if they
    differ. Raises as the resolver does, also with an override: its template must be able to speak."""
    version_id = None
    if version is not None:
        templates.require_living(conn, template_id=template_id)
        version_id = templates.get_version(conn, template_id=template_id, number=version).id
    resolved = resolver.resolve(conn, template_id=template_id, template_version_id=version_id, inputs=inputs)
    said = resolved.messages if override is None else _cleaned(override)
    return {
        "messages": said, "is_override": tuple(said) != resolved.messages, "inputs": inputs,
        "template_version_id": resolved.template_version_id, "part_version_ids": resolved.part_version_ids,
    }  # fmt: skip


def parameters_of(given: Mapping[str, Any]) -> Parameters:
    named = dict(given)
    if "stop" in named:
        named["stop"] = tuple(named["stop"])
    return Parameters(**named)


def _cleaned(messages: Sequence[Mapping[str, str]]) -> tuple[Message, ...]:
    if not 1 <= len(messages) <= MOST_MESSAGES:
        raise Invalid.field("override", f"A prompt has 1 to {MOST_MESSAGES} messages.")
    cleaned = []
    for number, message in enumerate(messages):
        name, label = f"override.{number}.content", f"Message {number + 1}"
        if message["role"] not in set(MessageRole):
            raise Invalid.field(f"override.{number}.role", f"A role is one of {', '.join(MessageRole)}.")
        text = texts.clean(message["content"], name=name, label=label, max_length=_LONGEST)
        cleaned.append(Message.of(message["role"], text))
    return tuple(cleaned)


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
    mark = candidates.get_mark(conn)
    offer = offers.get(conn, actor=actor, name=name, mark=mark)
    try:
        asked = candidates.list_for(conn, route_id=offer.route_id, model_id=offer.model_id, user_id=actor.id, mark=mark)
    except Invalid as error:
        raise NotFound(str(error)) from error
    task = tasks.create(
        conn, actor=actor, messages=messages, route_id=offer.route_id, model_id=offer.model_id,
        parameters=parameters, deadline_s=deadline_s, is_queued=False, lease=lease,
    )  # fmt: skip
    return task, asked
