"""Tasks: create, start, finish, cancel, retry. Every change of state is compare-and-set; runner.py asks.

The neighbour recovery.py brings back what dead workers held, reruns.py makes new tasks of old ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from psycopg.types.json import Jsonb

from blogforge_llm import db, jobqueue, tracing
from blogforge_llm.engine.types import Candidate, Completion, Message, Outcome, OutputContract, Parameters, Request
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import Permission, Role, User
from blogforge_llm.records.tasks import Category, Lease, LiveState, Source, Task, TaskRow, TaskStatus, Work
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.tasks import attempts

sql = db.load("tasks/tasks")

Answer = tuple[int, Outcome]  # the id of the attempt that answered, and how it ended

DEADLINE_MAX_S = 3600.0


class Options(TypedDict, total=False):
    """What a task may be given, as `add` takes it."""

    messages: Sequence[Message]
    template_version_id: int | None
    part_version_ids: Sequence[int]
    inputs: Mapping[str, Any] | None
    route_id: int | None
    model_id: int | None
    parameters: Parameters | None
    contract: OutputContract | None
    deadline_s: float | None
    is_queued: bool
    is_override: bool
    rerun_of: int | None
    lease: Lease | None
    billed_to: str | None


def create(conn: db.Connection, *, actor: User, **options: Unpack[Options]) -> Task:
    """As `add` does; the task as it then is."""
    return get(conn, task_id=add(conn, actor=actor, **options))


def add(
    conn: db.Connection,
    *,
    actor: User,
    messages: Sequence[Message],
    template_version_id: int | None = None,
    part_version_ids: Sequence[int] = (),
    inputs: Mapping[str, Any] | None = None,
    route_id: int | None = None,
    model_id: int | None = None,
    parameters: Parameters | None = None,
    contract: OutputContract | None = None,
    deadline_s: float | None = None,
    is_queued: bool = True,
    is_override: bool = False,
    rerun_of: int | None = None,
    lease: Lease | None = None,
    billed_to: str | None = None,
) -> int:
    """One piece of work, queued in the same transaction; with `is_queued=False` the caller asks runner.ask_now itself,
    with a lease of the runner's it is already running and belongs to runner.stream_leased. `billed_to` ("batch:12") is
    what its calls are spent for beside their user: a budget of that batch counts them (services/ops/budgets.py).

    Without route and model the default route answers; without a deadline the settings have one.
    Raises Invalid for messages no model could be sent.
    """
    permissions.require(actor, Permission.RUN_TASKS)
    if not any(message.role == "user" and message.text.strip() for message in messages):
        raise Invalid.field("messages", "There is nothing to ask: at least one user message must have text.")
    if deadline_s is not None and not 0 < deadline_s <= DEADLINE_MAX_S:
        raise Invalid.field("deadline_s", f"The deadline must be between 0 and {DEADLINE_MAX_S:.0f} seconds.")
    task_id = sql.create_task(
        conn,
        status=TaskStatus.RUNNING if lease else TaskStatus.QUEUED,
        template_version_id=template_version_id,
        part_version_ids=list(part_version_ids),
        inputs=Jsonb(dict(inputs or {})),
        messages=Jsonb([{"role": message.role, "content": message.text} for message in messages]),
        route_id=route_id,
        model_id=model_id,
        parameters=Jsonb(given(parameters)),
        contract=Jsonb(given(contract)) if contract else None,
        deadline_s=deadline_s,
        is_awaited=not is_queued,
        is_override=is_override,
        rerun_of=rerun_of,
        run_id=lease.run_id if lease else None,
        worker_id=lease.worker_id if lease else None,
        request_id=tracing.request_id(),
        created_by=actor.id,
        billed_to=billed_to,
    )
    if is_queued:
        deliver(conn, task_id=task_id)
    return int(task_id)


def deliver(conn: db.Connection, *, task_id: int) -> None:
    jobqueue.defer(conn, "tasks.execute", task_id=task_id)


def get(conn: db.Connection, *, task_id: int) -> Task:
    row = sql.get_task(conn, task_id=task_id)
    if row is None:
        raise NotFound("There is no such task.")
    return Task(**row | _enums(row))


def list_by_ids(conn: db.Connection, *, task_ids: Sequence[int]) -> list[Task]:
    """In no order."""
    return [Task(**row | _enums(row)) for row in sql.list_tasks_by_id(conn, task_ids=list(task_ids))]


def row_of(row: dict[str, Any]) -> TaskRow:
    return TaskRow(**row | _enums(row))


def request_of(task: Work) -> Request:
    """What the engine is asked, exactly as the task was made."""
    contract = OutputContract(**task.contract) if task.contract else None
    parameters = dict(task.parameters)
    if "stop" in parameters:
        parameters["stop"] = tuple(parameters["stop"])
    return Request(
        messages=tuple(Message.of(message["role"], message["content"]) for message in task.messages),
        parameters=Parameters(**parameters),
        contract=contract,
        deadline_s=task.deadline_s,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Queued:
    """A task that waits to be run. `may_ask`: whoever asked still may; `last_position` is its last attempt's, or 0;
    `registry_mark` is for candidates.list_for."""

    work: Work
    may_ask: bool
    last_position: int
    registry_mark: int | None


def find_queued(conn: db.Connection, *, task_id: int) -> Queued | None:
    """None when another run has it, or it is over."""
    row = sql.get_queued_task(conn, task_id=task_id)
    if row is None:
        return None
    role, is_active, last_position = row.pop("asker_role"), row.pop("asker_is_active"), row.pop("last_position")
    may_ask = bool(is_active) and Permission.RUN_TASKS in permissions.MATRIX[Role(role)]
    mark = row.pop("mark")
    return Queued(Work(**row), may_ask, last_position, mark)


def start(conn: db.Connection, *, task_id: int, run_id: UUID, worker_id: UUID) -> datetime | None:
    """Take a queued task for this run: when it began. None when another run has it, or it is over."""
    began: datetime | None = sql.start_task(conn, task_id=task_id, run_id=run_id, worker_id=worker_id)
    return began


def query_start(
    conn: db.Connection, *, task_id: int, run_id: UUID, worker_id: UUID, position: int, candidate: Candidate
) -> AbstractContextManager[Any]:
    """Take it and write the row of the first attempt, for whoever can wait elsewhere (db.Sent): a row of id, position
    and started_at; none when the run must not ask."""
    query: AbstractContextManager[Any] = sql.start_task_asking_cursor(
        conn, task_id=task_id, run_id=run_id, worker_id=worker_id, position=position,
        model_id=candidate.model_id, provider_id=candidate.provider_id, key_id=candidate.key_id,
    )  # fmt: skip
    return query


def succeed(
    conn: db.Connection,
    *,
    task_id: int,
    run_id: UUID,
    completion: Completion,
    answer: Answer | None = None,
) -> bool:
    """Store the output, and the attempt that `answer` names. False when the run had lost the task."""
    return _finish(
        conn, task_id, run_id, TaskStatus.SUCCEEDED, answer,
        output=texts.storable(completion.text), served_by_model_id=completion.served_by.model_id,
    )  # fmt: skip


def fail(
    conn: db.Connection,
    *,
    task_id: int,
    run_id: UUID,
    category: Category,
    message: str,
    answer: Answer | None = None,
) -> bool:
    """End it without output; `message` is shown to people. A cancelled run ends as cancelled, whatever its `answer`."""
    status = TaskStatus.CANCELLED if category is Category.CANCELLED else TaskStatus.FAILED
    return _finish(
        conn, task_id, run_id, status, answer,
        error_category=category, error_message=message,
    )  # fmt: skip


def cancel(conn: db.Connection, *, actor: User, task_id: int) -> Task:
    """Stop it: a queued task ends now, a running one within a second. Raises Conflict when it is already over."""
    permissions.require(actor, Permission.RUN_TASKS)
    task = get(conn, task_id=task_id)
    if sql.cancel_queued_task(conn, task_id=task_id) is not None:
        announce(conn, task_id=task_id)
        tracing.task(
            request=task.request_id, task=task_id, run=None, user=task.created_by, is_awaited=task.is_awaited,
            status=TaskStatus.CANCELLED, category=Category.CANCELLED,
        )  # fmt: skip
    elif sql.request_cancel(conn, task_id=task_id) is not None:
        sql.notify_cancel(conn, task_id=task_id)
    elif task.batch_id is not None and not task.is_finished:
        raise Conflict("This task waits for its turn in a batch. Cancel the batch, or let it go on.")
    elif task.status is not TaskStatus.CANCELLED:
        raise Conflict(f"This task has already {task.status}; there is nothing to stop.")
    return get(conn, task_id=task_id)


def retry(conn: db.Connection, *, actor: User, task_id: int) -> Task:
    """Queue a failed or cancelled task again; its attempts add up. Raises Conflict for any other."""
    permissions.require(actor, Permission.RUN_TASKS)
    task = get(conn, task_id=task_id)
    if task.batch_id is not None:
        raise Conflict("This task belongs to a batch. Retry what failed there, or run it again as a new task.")
    require_texts(task)
    if sql.requeue_task(conn, task_id=task_id, user_id=actor.id) is None:
        raise Conflict(f"Only failed or cancelled tasks can be retried; this one is {task.status}.")
    deliver(conn, task_id=task_id)
    announce(conn, task_id=task_id)
    return get(conn, task_id=task_id)


def require_texts(task: Task) -> None:
    """Raises Conflict when retention cleared them (services/ops/retention.py)."""
    if not task.messages:
        raise Conflict("The prompt of this task was cleared, for the settings keep prompts only so long. Ask anew.")


def release(conn: db.Connection, *, task_id: int, run_id: UUID) -> None:
    """A stopping worker gives the task back; another one begins it anew."""
    if sql.release_task(conn, task_id=task_id, run_id=run_id) is not None:
        deliver(conn, task_id=task_id)
        announce(conn, task_id=task_id)


def announce(conn: db.Connection, *, task_id: int) -> None:
    """Tell live pages that the task changed; delivered when the transaction commits."""
    sql.notify_live(conn, task_id=task_id)


def live_state(conn: db.Connection, *, task_id: int) -> LiveState:
    row = sql.get_live_state(conn, task_id=task_id)
    if row is None:
        raise NotFound("There is no such task.")
    return LiveState(TaskStatus(row["status"]), row["output"], row["model_name"], row["provider_name"])


def list_unfinished(conn: db.Connection, *, actor: User, limit: int = 20) -> list[dict[str, Any]]:
    """What the actor has running or queued, for the tray."""
    return list(sql.list_unfinished_of_user(conn, user_id=actor.id, limit=limit))


def list_cancelled(conn: db.Connection, *, worker_id: UUID) -> list[int]:
    return [row["id"] for row in sql.list_cancelled_of_worker(conn, worker_id=worker_id)]


def _finish(
    conn: db.Connection,
    task_id: int,
    run_id: UUID,
    status: TaskStatus,
    answer: Answer | None,
    *,
    output: str | None = None,
    served_by_model_id: int | None = None,
    error_category: Category | None = None,
    error_message: str | None = None,
) -> bool:
    attempt_id, columns = (answer[0], attempts.answer_columns(answer[1])) if answer else (None, attempts.NO_ANSWER)
    done = sql.finish_task(
        conn, task_id=task_id, run_id=run_id, status=status, output=output, served_by_model_id=served_by_model_id,
        error_category=error_category, error_message=error_message, attempt_id=attempt_id, **columns,
    )  # fmt: skip
    return done is not None


def _enums(row: dict[str, Any]) -> dict[str, Any]:
    category = row["error_category"]
    return {
        "status": TaskStatus(row["status"]),
        "error_category": Category(category) if category else None,
        "cost_source": Source(row["cost_source"]),
    }


def given(values: Parameters | OutputContract | None) -> dict[str, Any]:
    """Only what differs from the default, as a row has it: what was not said is not stored."""
    if values is None:
        return {}
    fields = dataclasses.fields(values)
    given = {field.name: getattr(values, field.name) for field in fields}
    return {field.name: given[field.name] for field in fields if given[field.name] != field.default}
