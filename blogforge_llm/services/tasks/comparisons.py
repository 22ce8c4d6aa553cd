"""Two tasks beside each other, or a task beside what its template says today: what differs, word by word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.tasks import Task
from blogforge_llm.services import diffs
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.tasks import reruns, tasks


@dataclass(frozen=True, slots=True)
class Comparison:
    """From `old` to `new`, which is None for today's prompt. `output` is None until both have one."""

    old: Task
    new: Task | None
    prompt: list[diffs.Change]
    output: list[diffs.Change] | None

    @property
    def is_same_prompt(self) -> bool:
        return all(change.kind == "same" for change in self.prompt)


def of_today(conn: db.Connection, *, actor: User, task_id: int) -> Comparison:
    """Raises what reruns.today raises."""
    permissions.require(actor, Permission.READ)
    task = tasks.get(conn, task_id=task_id)
    now = [(message.role, message.text) for message in reruns.today(conn, task).messages]
    return Comparison(task, None, diffs.words(_said(task), _script(now)), None)


def of_tasks(conn: db.Connection, *, actor: User, old_id: int, new_id: int) -> Comparison:
    permissions.require(actor, Permission.READ)
    old, new = tasks.get(conn, task_id=old_id), tasks.get(conn, task_id=new_id)
    output = None
    if old.output is not None and new.output is not None:
        output = diffs.words(old.output, new.output)
    return Comparison(old, new, diffs.words(_said(old), _said(new)), output)


def _said(task: Task) -> str:
    return _script((message["role"], message["content"]) for message in task.messages)


def _script(messages: Iterable[tuple[str, str]]) -> str:
    """Messages as one text to compare: each under its role."""
    return "\n\n".join(f"[{role}]\n{text}" for role, text in messages)
