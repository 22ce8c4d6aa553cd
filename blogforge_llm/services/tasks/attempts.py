"""Attempts as rows: one before the call, completed after it, whatever happened."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from blogforge_llm import db, tracing
from blogforge_llm.engine import pricing
from blogforge_llm.engine.types import Candidate, Message, Outcome, Usage
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.tasks import Attempt, AttemptStatus, Category, Source
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions

sql = db.load("tasks/attempts")

Written = tuple[
    int, int, Candidate
]  # the id and position of an attempt's row that stands before its call, and whom it asks


def create(
    conn: db.Connection, *, task_id: int, run_id: UUID, candidate: Candidate, messages: Sequence[Message] | None
) -> tuple[int, int] | None:
    """(id, position) of the new row; None when the run no longer holds the task and must not ask.

    `messages` only when they differ from the task's own.
    """
    query = query_create(conn, task_id=task_id, run_id=run_id, candidate=candidate, messages=messages)
    (rows,) = db.fetch_together(conn, query)
    return (rows[0]["id"], rows[0]["position"]) if rows else None


def query_create(
    conn: db.Connection, *, task_id: int, run_id: UUID, candidate: Candidate, messages: Sequence[Message] | None
) -> AbstractContextManager[Any]:
    """The same for whoever can wait elsewhere (db.Sent): a row of id and position, or none."""
    query: AbstractContextManager[Any] = sql.create_attempt_cursor(
        conn,
        task_id=task_id,
        run_id=run_id,
        model_id=candidate.model_id,
        provider_id=candidate.provider_id,
        key_id=candidate.key_id,
        messages=Jsonb([{"role": m.role, "content": m.text} for m in messages]) if messages else None,
    )
    return query


def create_first(conn: db.Connection, *, asked: Sequence[tuple[int, UUID, Candidate]]) -> dict[int, tuple[int, int]]:
    """For runs that begin now, each (task_id, run_id, whom it asks): (id, position) of the new row by task."""
    rows = sql.create_attempts(
        conn,
        task_ids=[task_id for task_id, _, _ in asked],
        run_ids=[run_id for _, run_id, _ in asked],
        model_ids=[candidate.model_id for _, _, candidate in asked],
        provider_ids=[candidate.provider_id for _, _, candidate in asked],
        key_ids=[candidate.key_id for _, _, candidate in asked],
    )
    return {row["task_id"]: (row["id"], row["position"]) for row in rows}


def withdraw(conn: db.Connection, *, attempt_id: int) -> None:
    """It was written for a call that is not made."""
    sql.delete_unused(conn, attempt_id=attempt_id)


def finish(conn: db.Connection, *, attempt_id: int, outcome: Outcome) -> None:
    sql.finish_attempt(
        conn,
        attempt_id=attempt_id,
        status=outcome.status,
        category=outcome.category,
        http_status=outcome.http_status,
        error_code=outcome.error_code,
        error_text=texts.storable(outcome.error_text or "") or None,
        **answer_columns(outcome),
    )


def answer_columns(outcome: Outcome) -> dict[str, Any]:
    """What is known of an answer, as it is written."""
    first_token_s = outcome.first_token_s
    return {
        "finish_reason": outcome.finish_reason,
        "text": texts.storable(outcome.text),
        "input_tokens": outcome.usage.input_tokens,
        "output_tokens": outcome.usage.output_tokens,
        "usage_source": outcome.usage.source,
        "cost": outcome.cost,
        "cost_source": outcome.cost_source,
        "provider_request_id": outcome.provider_request_id,
        "first_token_ms": None if first_token_s is None else round(first_token_s * 1000),
    }


NO_ANSWER = answer_columns(Outcome(AttemptStatus.FAILED, text=""))


def abandon(conn: db.Connection, *, task_id: int) -> None:
    """Close what a dead process left open. Of a call that was heard the tokens are estimated, of others nothing is
    known."""
    for row in list(sql.list_open_attempts(conn, task_id=task_id)):
        heard, asked = row["heard"] or "", _asked(row)
        messages = [Message.of(message["role"], message["content"]) for message in row["messages"]]
        usage = pricing.estimate(messages, heard) if heard else Usage()
        cost, cost_source = pricing.cost(usage, asked)
        sql.abandon_attempt(
            conn, attempt_id=row["id"], text=heard, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens,
            usage_source=usage.source, cost=cost, cost_source=cost_source,
        )  # fmt: skip
        tracing.attempt(
            request=row["request_id"], task=task_id, run=row["run_id"], position=row["position"],
            provider=asked.provider_name, model=asked.model_name, status=AttemptStatus.ABANDONED, category=None,
            input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, usage_source=usage.source,
            cost=cost, cost_source=cost_source, took_ms=round(row["took_s"] * 1000),
        )  # fmt: skip


def _asked(row: dict[str, Any]) -> Candidate:
    return Candidate(
        row["model_id"], row["model_name"], row["provider_id"], row["provider_name"], row["kind"],
        input_price=row["input_price"], output_price=row["output_price"],
    )  # fmt: skip


def list_for(conn: db.Connection, *, actor: User, task_id: int) -> list[Attempt]:
    """As `actor` may see them: the provider's own words and raw replies are for admins."""
    permissions.require(actor, Permission.READ)
    found = list_(conn, task_id=task_id)
    if permissions.may(actor, Permission.READ_RAW):
        return found
    return [replace(attempt, error_text=None, text="") for attempt in found]


def list_(conn: db.Connection, *, task_id: int) -> list[Attempt]:
    return [_attempt(row) for row in sql.list_attempts(conn, task_id=task_id)]


def _attempt(row: dict[str, Any]) -> Attempt:
    enums = {
        "status": AttemptStatus(row["status"]),
        "category": Category(row["category"]) if row["category"] else None,
        "usage_source": Source(row["usage_source"]),
        "cost_source": Source(row["cost_source"]),
    }
    return Attempt(**row | enums)
