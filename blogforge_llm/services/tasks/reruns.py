"""New tasks of old ones: the same messages byte for byte, or what its template says of the same inputs today."""

from __future__ import annotations

from enum import StrEnum

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import Task
from blogforge_llm.services.prompts import resolver
from blogforge_llm.services.prompts.resolver import Resolved
from blogforge_llm.services.tasks import tasks


class Prompt(StrEnum):
    """Which messages a rerun sends."""

    SAME = "same"  # as they were
    CURRENT = "current"  # as the template is now


def create(conn: db.Connection, *, actor: User, task_id: int, prompt: Prompt = Prompt.SAME) -> Task:
    """Whom to ask, parameters and contract stay. Raises Conflict when retention cleared the
    prompt, and what `today` raises for the current one."""
    old = tasks.get(conn, task_id=task_id)
    tasks.require_texts(old)
    request = tasks.request_of(old)
    asked: tasks.Options = {
        "messages": request.messages, "template_version_id": old.template_version_id, "is_override": old.is_override,
        "part_version_ids": old.part_version_ids, "inputs": old.inputs, "route_id": old.route_id,
        "model_id": old.model_id, "parameters": request.parameters, "contract": request.contract,
        "deadline_s": old.deadline_s, "rerun_of": old.id,
    }  # fmt: skip
    if prompt is Prompt.CURRENT:
        resolved = today(conn, old)
        asked |= {
            "messages": resolved.messages, "template_version_id": resolved.template_version_id, "is_override": False,
            "part_version_ids": resolved.part_version_ids,
        }  # fmt: skip
    return tasks.create(conn, actor=actor, **asked)


def today(conn: db.Connection, task: Task) -> Resolved:
    """What the task's template, in the version in use, says of its inputs now. Raises Conflict when it was asked
    without a template or the template is archived, and Invalid when the template now needs other inputs."""
    if task.template_id is None:
        raise Conflict("This task was asked without a template, so there is no newer prompt.")
    return resolver.resolve(conn, template_id=task.template_id, inputs=task.inputs)
