"""The task runner: a prompt tried out by hand, on one to four models side by side. Its tasks are tasks like any other;
a trial only keeps them together. Whoever made it sees it, and admins do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound
from blogforge_llm.records.accounts import Permission, Role, User
from blogforge_llm.records.editorial import FieldKind
from blogforge_llm.records.prompts import Variable
from blogforge_llm.records.tasks import TaskRow
from blogforge_llm.records.trials import Material, Trial, TrialRow
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, workflow
from blogforge_llm.services.prompts import previews
from blogforge_llm.services.registry import candidates
from blogforge_llm.services.tasks import asking, tasks
from blogforge_llm.services.tasks.asking import Whom

sql = db.load("tasks/trials")

MOST_COLUMNS = 4
_NEWEST = 2**63 - 1


def create(
    conn: db.Connection, *, actor: User, template_id: int, version: int | None = None, inputs: Mapping[str, Any],
    whom: Sequence[Whom], override: Sequence[Mapping[str, str]] | None = None,
    parameters: Mapping[str, Any] | None = None, deadline_s: float = 120.0, post_id: int | None = None,
    as_of: int | None = None,
) -> Trial:  # fmt: skip
    """Ask each of `whom` (1-4, the same one again if it stands there twice). Raises as asking does, and Invalid for
    too many."""
    permissions.require(actor, Permission.RUN_TASKS)
    if not 1 <= len(whom) <= MOST_COLUMNS:
        raise Invalid.field("ask", f"At most {MOST_COLUMNS} columns fit side by side; this makes {len(whom)}.")
    prompt = asking.prompt_of(
        conn, template_id=template_id, version=version, inputs=shaped(conn, inputs), override=override
    )
    chosen = asking.parameters_of(parameters or {})
    trial_id: int = sql.create_trial(conn, post_id=post_id, as_of=as_of, user_id=actor.id)
    for position, asked in enumerate(whom):
        candidates.list_for(conn, **asked, user_id=actor.id)
        prompt |= {
            "route_id": asked["route_id"], "model_id": asked["model_id"], "parameters": chosen,
            "deadline_s": deadline_s,
        }  # fmt: skip
        task_id = tasks.add(conn, actor=actor, **prompt)
        sql.add_task(conn, trial_id=trial_id, position=position, task_id=task_id)
    return get(conn, actor=actor, trial_id=trial_id)


def get(conn: db.Connection, *, actor: User, trial_id: int) -> Trial:
    """Raises NotFound for somebody else's, unless an admin asks."""
    row = sql.get_trial(conn, trial_id=trial_id)
    if row is None or (actor.role != Role.ADMIN and row["created_by"] != actor.id):
        raise NotFound("There is no such run.")
    found = [tasks.get(conn, task_id=each["task_id"]) for each in sql.list_task_ids(conn, trial_id=trial_id)]
    return Trial(**row, tasks=tuple(found))


def list_(
    conn: db.Connection, *, actor: User, everybody: bool = False, before_id: int | None = None, limit: int = 20
) -> list[TrialRow]:
    """One's own, or as an admin everybody's; the newest first, below `before_id`."""
    before = before_id or _NEWEST
    if everybody and actor.role == Role.ADMIN:
        rows = list(sql.list_trials(conn, before_id=before, limit=limit))
    else:
        rows = list(sql.list_trials_of_user(conn, user_id=actor.id, before_id=before, limit=limit))
    found: dict[int, list[TaskRow]] = {row["id"]: [] for row in rows}
    for task in sql.list_tasks(conn, trial_ids=list(found)):
        found[task.pop("trial_id")].append(tasks.row_of(task))
    return [TrialRow(**row, tasks=tuple(found[row["id"]])) for row in rows]


def find_id(conn: db.Connection, *, task_id: int) -> int | None:
    """The trial a task belongs to."""
    found: int | None = sql.get_trial_of_task(conn, task_id=task_id)
    return found


def find_post_id(conn: db.Connection, *, task_id: int) -> int | None:
    """The post that filled a task's variables in the runner."""
    found: int | None = sql.get_post_of_task(conn, task_id=task_id)
    return found


def cancel(conn: db.Connection, *, actor: User, trial_id: int) -> Trial:
    """Stop what still runs of it."""
    for task_id in get(conn, actor=actor, trial_id=trial_id).running:
        tasks.cancel(conn, actor=actor, task_id=task_id)
    return get(conn, actor=actor, trial_id=trial_id)


def material(conn: db.Connection, *, actor: User, post_id: int, variables: Sequence[Variable]) -> Material:
    """What a post's fields say for the variables of the same key."""
    permissions.require(actor, Permission.READ)
    values = {value.field.key: value for value in fields.list_values(conn, post_id=post_id)}
    filled = {v.name: values[v.name].text for v in variables if v.name in values and values[v.name].is_filled}
    missing = tuple(v.label for v in variables if v.is_required and v.name not in filled)
    return Material(filled, sql.get_newest_revision(conn, post_id=post_id), missing)


def fill(
    conn: db.Connection, *, actor: User, post_id: int, template_id: int, version: int | None, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """`inputs` and `as_of` for create, with a post's texts where nothing was given. Raises NotFound."""
    variables = previews.variables_of(conn, template_id=template_id, version=version)
    found = material(conn, actor=actor, post_id=post_id, variables=variables)
    return {"inputs": found.texts | dict(inputs), "as_of": found.as_of}


def shaped(conn: db.Connection, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Typed texts as Automate would fill them in: a list field's one item a line. What is empty is left out, and what
    is no text stays as it is."""
    lists = {field.key for field in workflow.list_fields(conn) if field.kind == FieldKind.LIST}
    shapes: dict[str, Any] = {}
    for name, value in inputs.items():
        if not isinstance(value, str):
            shapes[name] = value
        elif value.strip():
            text = value.replace("\r\n", "\n")
            shapes[name] = text.split("\n") if name in lists else text
    return shapes
