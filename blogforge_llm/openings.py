"""How a run takes its task: what it must know first, and the start, which is sent with the row of the first attempt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from blogforge_llm import db
from blogforge_llm.engine.admission import is_counted_by_none
from blogforge_llm.engine.types import Candidate, EngineError
from blogforge_llm.errors import DomainError
from blogforge_llm.records.tasks import Category, Work
from blogforge_llm.services.registry import candidates
from blogforge_llm.services.tasks import tasks
from blogforge_llm.services.tasks.tasks import Queued
from blogforge_llm.standing import MAY_NOT_ASK


@dataclass(slots=True)
class Opening:
    """How a run takes its task: with the row of its first attempt, in one statement that is on its way while everything
    else is made ready."""

    candidate: Candidate
    position: int
    _sent: db.Sent | None

    @classmethod
    def send(cls, task: Work, run_id: UUID, candidate: Candidate, *, worker_id: UUID, last_position: int) -> Opening:
        """`last_position` is of the attempts that earlier runs made; 0 without. Waited for by `rows`, in any case."""
        position = last_position + 1
        query = partial(
            tasks.query_start, task_id=task.id, run_id=run_id, worker_id=worker_id, position=position,
            candidate=candidate,
        )  # fmt: skip
        return cls(candidate, position, db.Sent(query))

    def rows(self) -> list[dict[str, Any]]:
        """One of id, position and started_at; none where the run must not ask, or was told before."""
        sent, self._sent = self._sent, None
        return sent.rows() if sent is not None else []


def begin(task_id: int, run_id: UUID, *, worker_id: UUID) -> tuple[Work, list[Candidate], Opening | None] | None:
    """The task and whom to ask. Where nothing could refuse the first call, the task is started with it: `opening`; else
    it is started now. None when another run has it, or it is over. Raises EngineError when nobody can be asked."""
    with db.connection() as conn:
        queued = tasks.find_queued(conn, task_id=task_id)
        if queued is None:
            return None
        task = queued.work
        found, problem = _whom(conn, queued)
        is_sure = problem is None and is_counted_by_none(found[0]) and not found[0].is_held_back
        if not is_sure:
            began = tasks.start(conn, task_id=task_id, run_id=run_id, worker_id=worker_id)
            if began is None:
                return None
            task = replace(task, started_at=began)
        if problem is not None:
            tasks.fail(conn, task_id=task_id, run_id=run_id, category=problem.category, message=str(problem))
            raise problem
    if not is_sure:
        return task, found, None
    # On a connection of its own, when the other has been given back: nobody may hold one and wait for another.
    opening = Opening.send(task, run_id, found[0], worker_id=worker_id, last_position=queued.last_position)
    return task, found, opening


def _whom(conn: db.Connection, queued: Queued) -> tuple[list[Candidate], EngineError | None]:
    """Whom to ask, or why nobody."""
    if not queued.may_ask:
        return [], EngineError(Category.PERMISSION, MAY_NOT_ASK)
    task = queued.work
    try:
        found = candidates.list_for(
            conn, route_id=task.route_id, model_id=task.model_id, user_id=task.asked_by, mark=queued.registry_mark
        )
    except DomainError as error:
        return [], EngineError(Category.INVALID_REQUEST, str(error))
    return found, None
