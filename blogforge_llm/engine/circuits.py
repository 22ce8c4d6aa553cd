"""The rows of circuits: which of them a candidate hangs on, and the single statements that move them.

What a failure means is in breakers.py; what people see and do by hand is in services/registry/circuits.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from blogforge_llm import db
from blogforge_llm.engine.types import Candidate
from blogforge_llm.records.tasks import Category

sql = db.load("engine/circuits")

LEASE_S = 10.0  # of a probe; presence.py renews it every two seconds while its process lives


@dataclass(frozen=True, slots=True)
class Cooldown:
    """How long nobody asks after a failure: at first, and at most after further ones in a row."""

    first_s: float
    cap_s: float


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A circuit that is not simply closed, as it stands for one run. `opens_in_s` is None when a person opened it."""

    name: str
    state: str
    category: Category | None
    is_by_hand: bool
    note: str
    opens_in_s: float | None
    is_over: bool
    is_due: bool


def provider(candidate: Candidate) -> str:
    return f"provider:{candidate.provider_id}"


def model(candidate: Candidate) -> str:
    return f"model:{candidate.model_id}"


def account(candidate: Candidate) -> str:
    """The key, or the provider where none is needed."""
    return provider(candidate) if candidate.key_id is None else f"key:{candidate.key_id}"


def model_of_account(candidate: Candidate) -> str:
    """The model as asked with this key: rate limits and permissions are a key's, and another key may be better off."""
    return model(candidate) if candidate.key_id is None else f"{model(candidate)}@{account(candidate)}"


def names(candidate: Candidate) -> list[str]:
    """Every circuit that must be closed for the candidate to be asked."""
    return sorted({provider(candidate), account(candidate), model(candidate), model_of_account(candidate)})


def list_held_back(conn: db.Connection, *, names: Sequence[str], holder: UUID) -> dict[str, HeldBack]:
    rows = sql.list_held_back(conn, names=list(names), holder=holder)
    return {
        row["name"]: HeldBack(**row | {"category": Category(row["category"]) if row["category"] else None})
        for row in rows
    }


def lease(conn: db.Connection, *, names: Sequence[str], holder: UUID, lease_s: float = LEASE_S) -> bool:
    """Whether this run may make the one call that tries. False: another one does, or it is too early."""
    _relax(conn)
    count: int = sql.lease(conn, names=list(names), holder=holder, lease_s=lease_s)
    return count == len(names)


def renew(conn: db.Connection, *, holders: Sequence[UUID], lease_s: float = LEASE_S) -> None:
    _relax(conn)
    sql.renew(conn, holders=list(holders), lease_s=lease_s)


def open_(
    conn: db.Connection,
    *,
    name: str,
    holder: UUID,
    category: Category,
    cooldown: Cooldown,
    at_least_s: float = 0.0,
    call_s: float = 0.0,
    is_lasting: bool = False,
) -> None:
    """After a failed call that took `call_s`. `is_lasting` may make an open circuit stay open longer."""
    _relax(conn)
    sql.open_circuit(
        conn, name=name, holder=holder, category=category, first_s=cooldown.first_s, cap_s=cooldown.cap_s,
        at_least_s=at_least_s, call_s=call_s, is_lasting=is_lasting,
    )  # fmt: skip


def close(conn: db.Connection, *, names: Sequence[str], holder: UUID, is_certain: bool = False) -> None:
    _relax(conn)
    sql.close_circuits(conn, names=list(names), holder=holder, is_certain=is_certain)


def release(conn: db.Connection, *, names: Sequence[str], holder: UUID) -> None:
    _relax(conn)
    sql.release(conn, names=list(names), holder=holder)


def _relax(conn: db.Connection) -> None:
    """Flushing to disk would cost 20 ms; a change that a power cut takes back costs one more failing call."""
    conn.execute("SET LOCAL synchronous_commit = off")
