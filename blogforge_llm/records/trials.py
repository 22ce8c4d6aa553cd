"""What was tried out in the task runner. The rules are in services/tasks/trials.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from blogforge_llm.records.tasks import Task, TaskRow


@dataclass(frozen=True, slots=True)
class Trial:
    """One question, asked once or up to four times side by side. `as_of` is the newest revision of the post that filled
    its variables."""

    id: int
    post_id: int | None
    as_of: int | None
    created_by: int | None
    created_by_name: str | None
    created_at: datetime
    tasks: tuple[Task, ...]

    @property
    def running(self) -> list[int]:
        return [task.id for task in self.tasks if not task.is_finished]


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial in the history."""

    id: int
    created_by_name: str | None
    created_at: datetime
    tasks: tuple[TaskRow, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """What a post says for a template's variables. `missing` names those it has nothing for."""

    texts: dict[str, str]
    as_of: int | None
    missing: tuple[str, ...]
