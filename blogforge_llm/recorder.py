"""What a run leaves behind while it asks: a row and a log line for each attempt, and the sum of them for who waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from blogforge_llm import db, tracing
from blogforge_llm.engine.types import Candidate, Message, Outcome
from blogforge_llm.errors import Unavailable
from blogforge_llm.openings import Opening
from blogforge_llm.records.tasks import AttemptStatus, Category, Source, TaskStatus, Work
from blogforge_llm.services.tasks import attempts
from blogforge_llm.services.tasks.attempts import Written

T = TypeVar("T")

_PATIENCE_S = 30.0  # with a database that went away while a model was being asked


class Lost(Exception):
    """The run no longer holds its task: cancelled, or taken for dead and given to another."""


@dataclass(slots=True)
class Tally:
    """One run so far, all its attempts together."""

    attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    cost_source: Source = Source.KNOWN
    retry_after_s: float | None = None  # what the last refusal asked for
    away_s: float = 0.0  # with providers, and in the pauses between them
    _since: float | None = None

    def left(self) -> None:
        """From here on it is the provider's time."""
        self._since = self._since or time.monotonic()

    def came_back(self) -> None:
        if self._since is not None:
            self.away_s += time.monotonic() - self._since
            self._since = None

    def overhead_s(self, began: float) -> float:
        """What of the time since then was ours; `began` is time.monotonic()."""
        now = time.monotonic()
        return now - began - self.away_s - (now - self._since if self._since is not None else 0.0)

    def add(self, outcome: Outcome) -> None:
        self.input_tokens += outcome.usage.input_tokens or 0
        self.output_tokens += outcome.usage.output_tokens or 0
        self.retry_after_s = outcome.retry_after_s
        if outcome.cost is not None:
            self.cost = (self.cost or Decimal(0)) + outcome.cost
        if Source.UNKNOWN in (self.cost_source, outcome.cost_source):
            self.cost_source = Source.UNKNOWN
        elif outcome.cost_source is Source.ESTIMATED:
            self.cost_source = Source.ESTIMATED


@dataclass(slots=True)
class _Open:
    """An attempt that runs. It has no id until it is written."""

    candidate: Candidate
    began: float
    position: int | None = None
    attempt_id: int | None = None
    sent: db.Sent | Opening | None = None


class Recorder:
    """The engine's recorder: attempts to rows, each in its own short transaction. A row is on its way while the SDK
    prepares the call, and is waited for before anything is sent."""

    def __init__(
        self,
        task: Work,
        run_id: UUID,
        tally: Tally,
        messages: tuple[Message, ...],
        *,
        written: Written | None = None,
        opening: Opening | None = None,
    ) -> None:
        """`messages` are the task's own. `written` is the first attempt's row, where it is there already; with
        `opening` it is on its way, and so is the start of the task."""
        self._task = task
        self._run_id = run_id
        self._tally = tally
        self._own_messages = messages
        self._open: dict[int, _Open] = {}
        self._answer: tuple[int, Outcome] | None = None
        self._written = written
        self._opening = opening
        self._began = task.started_at

    @property
    def has_begun(self) -> bool:
        """Whether the task is this run's: without it there is nothing to end."""
        return self._opening is None

    @property
    def began(self) -> datetime | None:
        return self._began

    def begin(self, began: datetime) -> None:
        self._began, self._opening = began, None

    def unused(self) -> dict[str, Any] | None:
        """What was opened for a call that is not made: the row of an attempt, with the task's start."""
        rows = self._opening.rows() if self._opening is not None else []
        return rows[0] if rows else None

    @property
    def unused_id(self) -> int | None:
        """The row that was written for a call that was not made."""
        return self._written[0] if self._written else None

    def started(self, attempt: int, candidate: Candidate, messages: tuple[Message, ...]) -> None:
        self._tally.came_back()
        running = _Open(candidate, time.monotonic())
        differing = messages if messages != self._own_messages else None
        if self._written is not None and _is_same(self._written[2], candidate) and differing is None:
            running.attempt_id, running.position, _ = self._written
            self._written = None
        elif self._opening is not None:
            assert _is_same(self._opening.candidate, candidate) and differing is None  # nothing could refuse it
            running.sent, running.position = self._opening, self._opening.position
        else:
            running.sent = self._send(candidate, differing)
        self._open[attempt] = running
        self._tally.attempts += 1
        self._tally.left()

    def written(self, attempt: int) -> None:
        """Raises Lost when another run has the task, or somebody stopped it."""
        running = self._open[attempt]
        sent, running.sent = running.sent, None
        if sent is None:
            return
        try:
            rows = sent.rows()
            if not rows:
                raise Lost
        except Exception:
            self._tally.attempts -= 1
            raise
        (row,) = rows
        running.attempt_id, running.position = row["id"], row["position"]
        if self._opening is not None:
            self.begin(row["started_at"])

    def finished(self, attempt: int, outcome: Outcome) -> None:
        """Raises Lost like `written`, where that was not asked."""
        self.written(attempt)
        self._tally.came_back()
        running = self._open[attempt]
        attempt_id = running.attempt_id
        if attempt_id is None:
            return
        took_s = time.monotonic() - running.began
        self._tally.add(outcome)
        if outcome.status is AttemptStatus.SUCCEEDED:
            self._answer = attempt_id, outcome
        else:
            persist(
                lambda conn: attempts.finish(conn, attempt_id=attempt_id, outcome=outcome),
                is_one_statement=True,
            )
        self._log(running, outcome, took_s)
        self._tally.left()  # for the pause before the next one; nothing else is waited for

    @property
    def answer(self) -> tuple[int, Outcome] | None:
        """The id of the attempt that succeeded, and how. It is written with the task's end: one commit less."""
        return self._answer

    def position(self, attempt: int) -> int:
        """Of the row, counted over all runs of the task: it names the live text. Waits for the row where only that
        tells, and then raises like `written`."""
        running = self._open[attempt]
        if running.position is None:
            self.written(attempt)
        assert running.position is not None
        return running.position

    def _send(self, candidate: Candidate, messages: tuple[Message, ...] | None) -> db.Sent:
        return db.Sent(
            partial(
                attempts.query_create, task_id=self._task.id, run_id=self._run_id, candidate=candidate,
                messages=messages,
            )
        )  # fmt: skip

    def _log(self, running: _Open, outcome: Outcome, took_s: float) -> None:
        tracing.attempt(
            request=self._task.request_id,
            task=self._task.id,
            run=self._run_id,
            position=running.position,
            provider=running.candidate.provider_name,
            model=running.candidate.model_name,
            status=outcome.status,
            category=outcome.category,
            http_status=outcome.http_status,
            finish_reason=outcome.finish_reason,
            input_tokens=outcome.usage.input_tokens,
            output_tokens=outcome.usage.output_tokens,
            usage_source=outcome.usage.source,
            cost=outcome.cost,
            cost_source=outcome.cost_source,
            first_token_ms=None if outcome.first_token_s is None else round(outcome.first_token_s * 1000),
            took_ms=round(took_s * 1000),
        )


def _is_same(one: Candidate, other: Candidate) -> bool:
    """The same model with the same key, at whatever price."""
    return (one.model_id, one.key_id) == (other.model_id, other.key_id)


def log_run(
    task: Work,
    run_id: UUID,
    tally: Tally,
    status: TaskStatus,
    *,
    category: Category | None = None,
    served_by: Candidate | None = None,
    began: datetime | None = None,
) -> None:
    """`began` where the task's row, as it was read, does not say when the run did."""
    now = datetime.now(UTC)
    began = began or task.started_at or now
    tracing.task(
        request=task.request_id,
        task=task.id,
        run=run_id,
        user=task.created_by,
        is_awaited=task.is_awaited,
        status=status,
        category=category,
        provider=served_by.provider_name if served_by else None,
        model=served_by.model_name if served_by else None,
        attempts=tally.attempts,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost=tally.cost,
        cost_source=tally.cost_source if tally.attempts else Source.UNKNOWN,
        waited_ms=round((began - task.created_at).total_seconds() * 1000),
        took_ms=round((now - began).total_seconds() * 1000),
    )


def persist(write: Callable[[db.Connection], T], *, is_one_statement: bool = False) -> T:
    """An answer that is paid for must reach its row: wait for a database that restarts. One statement needs no
    transaction around it, and so one round trip less."""
    opened = db.connection if is_one_statement else db.pipelined_transaction
    give_up_at = time.monotonic() + _PATIENCE_S
    pause_s = 0.1
    while True:
        try:
            with opened() as conn:
                return write(conn)
        except (psycopg.OperationalError, Unavailable):
            if time.monotonic() + pause_s > give_up_at:
                raise
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)
