"""Circuits as people see them: what is not asked for now and why, and opening and closing by hand.

The engine opens and closes them by itself (engine/breakers.py); what a person opened only a person closes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine import breakers
from blogforge_llm.errors import Forbidden, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Circuit, CircuitState, Tick
from blogforge_llm.records.tasks import AttemptStatus, Category
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit
from blogforge_llm.services.tasks import wording

sql = db.load("registry/circuits")

TICKS = 12


def list_all(conn: db.Connection, *, actor: User) -> list[Circuit]:
    """By provider: itself, its keys, its models. Keys only to those who may see them."""
    permissions.require(actor, Permission.READ)
    sees_shared = permissions.may(actor, Permission.KEEP_REGISTRY)
    return [_circuit(row) for row in sql.list_circuits(conn, user_id=actor.id, sees_shared=sees_shared)]


def list_resting(conn: db.Connection, *, actor: User) -> dict[str, Circuit]:
    """Those that are not closed, by name."""
    return {circuit.name: circuit for circuit in list_all(conn, actor=actor) if not circuit.is_closed}


def get(conn: db.Connection, *, actor: User, name: str) -> Circuit:
    found = next((circuit for circuit in list_all(conn, actor=actor) if circuit.name == name), None)
    if found is None:
        raise NotFound("There is no such circuit. It is named after what it is of, like model:7, key:3 or provider:2.")
    return found


def open_(conn: db.Connection, *, actor: User, name: str, note: str = "") -> Circuit:
    """Ask it no more until somebody closes it. `note` is shown to whoever wonders why."""
    circuit = _to_move(conn, actor, name)
    note = texts.clean(note, name="note", label="The reason", max_length=200).replace("\n", " ").strip()
    sql.open_by_hand(conn, name=name, user_id=actor.id, note=note)
    detail = f"{circuit.label} ({note})" if note else circuit.label
    audit.record(conn, actor=actor, action="open", noun="circuit", noun_id=name, detail=detail)
    return get(conn, actor=actor, name=name)


def close(conn: db.Connection, *, actor: User, name: str) -> Circuit:
    """Ask it again from now on, whatever opened it. Nothing happens to one that is closed."""
    circuit = _to_move(conn, actor, name)
    if circuit.is_closed:
        return circuit
    sql.close_by_hand(conn, name=name)
    detail = f"{circuit.label} (was: {reason(circuit)})"
    audit.record(conn, actor=actor, action="close", noun="circuit", noun_id=name, detail=detail)
    if circuit.kind == "model_key":  # listed only while it is not closed
        return replace(circuit, state=CircuitState.CLOSED, category=None, until=None, opens_in_s=None, is_by_hand=False)
    return get(conn, actor=actor, name=name)


def forget_key(conn: db.Connection, *, key_id: int) -> None:
    """After its secret changed: the new one may work."""
    sql.forget_key(conn, key_id=key_id)


def forget_model(conn: db.Connection, *, model_id: int) -> None:
    """After its name changed: what failed was another model."""
    sql.forget_model(conn, model_id=model_id)


def forget_provider(conn: db.Connection, *, provider_id: int) -> None:
    """After its address changed: what failed was another server."""
    sql.forget_provider(conn, provider_id=provider_id)


def forget_gone(conn: db.Connection) -> None:
    """Rows of what was archived or deleted."""
    sql.forget_gone(conn)


def reason(circuit: Circuit) -> str:
    """Why it is not closed, as a phrase."""
    if circuit.is_by_hand:
        who = f"stopped by {circuit.opened_by_name}" if circuit.opened_by_name else "stopped by hand"
        return f"{who}: {circuit.note}" if circuit.note else who
    return wording.PHRASES[circuit.category] if circuit.category else ""


def next_call(circuit: Circuit) -> str:
    """When a call is let through, as a phrase; nothing for a closed one."""
    if circuit.is_closed:
        return ""
    if circuit.state is CircuitState.HALF_OPEN:
        return "one call is trying now"
    if circuit.opens_in_s is None:
        return "when an admin allows it"
    return f"in {breakers.in_words(circuit.opens_in_s)}" if circuit.opens_in_s > 0 else "with the next call"


def list_ticks(conn: db.Connection, *, circuits: Iterable[Circuit]) -> dict[str, list[Tick]]:
    """The last attempts of what each circuit is of, oldest first, by the circuit's name."""
    wanted = list(circuits)
    of_models = _ticks(sql.list_model_ticks(conn, model_ids=_ids(wanted, "model_id"), limit=TICKS))
    of_keys = _ticks(sql.list_key_ticks(conn, key_ids=_ids(wanted, "key_id"), limit=TICKS))
    of_providers: defaultdict[int, list[Tick]] = defaultdict(list)
    for circuit in wanted:
        if circuit.kind == "model":
            of_providers[circuit.provider_id] += of_models[circuit.model_id]
    found: dict[str, list[Tick]] = {}
    for circuit in wanted:
        if circuit.model_id is not None:
            ticks = of_models[circuit.model_id]
        else:
            ticks = of_providers[circuit.provider_id] if circuit.key_id is None else of_keys[circuit.key_id]
        found[circuit.name] = sorted(ticks, key=lambda tick: tick.id)[-TICKS:]
    return found


def _to_move(conn: db.Connection, actor: User, name: str) -> Circuit:
    """Raises NotFound for what the actor cannot see, Forbidden for what is not theirs to move."""
    circuit = get(conn, actor=actor, name=name)
    if not circuit.is_own and not permissions.may(actor, Permission.KEEP_REGISTRY):
        raise Forbidden("Only admins stop and allow calls by hand. Ask one of them.")
    return circuit


def _ids(circuits: list[Circuit], field: str) -> list[int]:
    return sorted({number for circuit in circuits if (number := getattr(circuit, field)) is not None})


def _ticks(rows: Iterable[dict[str, Any]]) -> defaultdict[int | None, list[Tick]]:
    found: defaultdict[int | None, list[Tick]] = defaultdict(list)
    for row in rows:
        category = Category(row["category"]) if row["category"] else None
        found[row["thing_id"]].append(Tick(row["id"], AttemptStatus(row["status"]), category, row["started_at"]))
    return found


def _circuit(row: dict[str, Any]) -> Circuit:
    category = Category(row["category"]) if row["category"] else None
    return Circuit(**row | {"state": CircuitState(row["state"]), "category": category})
