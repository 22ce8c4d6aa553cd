"""Whether a run may still go on: its asker's rights, and each candidate's, looked at again before every call but the
first, which was chosen a moment ago."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.engine.admission import Refusal
from blogforge_llm.engine.types import Candidate, Outcome
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.tasks import Category
from blogforge_llm.services.accounts import permissions, users
from blogforge_llm.services.registry import candidates

MAY_NOT_ASK = "Whoever asked may no longer ask a model. Ask an admin."


def may_ask(conn: db.Connection, *, user_id: int | None) -> bool:
    """Whether a task may be run for this user; None is a task whose user was deleted."""
    user = users.find(conn, user_id=user_id) if user_id is not None else None
    return user is not None and permissions.may(user, Permission.RUN_TASKS)


class Standing:
    """The engine's admission by rights. One for one run."""

    def __init__(self, user_id: int | None) -> None:
        self._user_id = user_id
        self._calls = 0

    def may_ask(self, candidate: Candidate) -> Refusal | None:
        self._calls += 1
        if self._calls == 1:
            return None
        with db.connection() as conn:
            if not may_ask(conn, user_id=self._user_id):
                return Refusal(Category.PERMISSION, MAY_NOT_ASK)
            if not candidates.is_offered(conn, candidate):
                return Refusal(Category.PERMISSION, f"{candidate.model_name} was taken out of use meanwhile.")
        return None

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        """Nothing to remember."""
