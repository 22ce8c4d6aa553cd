"""Messages to webhooks: queued in the transaction of what they tell, tried until taken or given up. Sending is in
watching.py, for no transaction may be open meanwhile.

They are a queue of their own, not jobs: a missing worker is among what they tell, and then nobody delivers jobs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.alerts import Alert, Delivery, DeliveryStatus, Event, Sending
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import findings

sql = db.load("ops/deliveries")

WAITS_S = (30, 120, 600, 1800, 7200)  # before each further attempt
ATTEMPTS = len(WAITS_S) + 1
_LEASE = timedelta(seconds=60)  # longer than an attempt may take
_AT_ONCE = 10
_KEEP_DAYS = 30


def queue(conn: db.Connection, *, event: Event, alert: Alert, now: datetime) -> None:
    """For every webhook that is switched on."""
    told = {
        "id": alert.id, "kind": alert.kind, "state": alert.state, "subject": alert.subject, "label": alert.label,
        "value": f"{alert.value:f}", "threshold": None if alert.threshold is None else f"{alert.threshold:f}",
        "detail": alert.detail, "opened_at": alert.opened_at.isoformat(),
        "resolved_at": alert.resolved_at and alert.resolved_at.isoformat(),
    }  # fmt: skip
    sql.queue_for_all(conn, alert_id=alert.id, event=event, body=_body(event, now, alert=told), now=now)


def begin_test(conn: db.Connection, *, webhook_id: int) -> Sending:
    """A message that is tried now, once, by the caller."""
    now = findings.now(conn)
    row = sql.create_test(conn, webhook_id=webhook_id, body=_body(Event.TEST, now), lease_until=now + _LEASE)
    return _sending(row)


def claim_due(conn: db.Connection, *, now: datetime | None = None) -> list[Sending]:
    """Some that are due, for the caller to try; nobody else does for a minute."""
    now = now or findings.now(conn)
    rows = sql.claim_due(conn, now=now, lease_until=now + _LEASE, limit=_AT_ONCE)
    return [_sending(row) for row in rows]


def finish(conn: db.Connection, *, sending: Sending, http_status: int | None, answer: str, error: str) -> None:
    """How the attempt ended; an `error` means another one later, until there were enough. A test has only one."""
    next_at = None
    if not error:
        status = DeliveryStatus.DELIVERED
    elif sending.event is Event.TEST or sending.attempt >= ATTEMPTS:
        status = DeliveryStatus.FAILED
    else:
        status = DeliveryStatus.QUEUED
        next_at = findings.now(conn) + timedelta(seconds=WAITS_S[sending.attempt - 1])
    sql.finish(
        conn, delivery_id=sending.id, attempt=sending.attempt, status=status, next_at=next_at, http_status=http_status,
        answer=answer, error=error,
    )  # fmt: skip


def give_up(conn: db.Connection, *, webhook_id: int, why: str) -> None:
    sql.give_up(conn, webhook_id=webhook_id, error=why)


def list_(
    conn: db.Connection, *, actor: User, webhook_id: int, before_id: int | None = None, limit: int = 50
) -> list[Delivery]:
    """Of one webhook, the newest first."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    rows = sql.list_deliveries(conn, webhook_id=webhook_id, delivery_id=None, before_id=before_id, limit=limit)
    return [_delivery(row) for row in rows]


def get(conn: db.Connection, *, actor: User, webhook_id: int, delivery_id: int) -> Delivery:
    permissions.require(actor, Permission.KEEP_ALERTS)
    for row in sql.list_deliveries(conn, webhook_id=webhook_id, delivery_id=delivery_id, before_id=None, limit=1):
        return _delivery(row)
    raise NotFound("There is no such delivery. It may be older than 30 days.")


def forget_old(conn: db.Connection) -> int:
    """Upkeep: those that ended 30 days ago."""
    count: int = sql.delete_old(conn, days=_KEEP_DAYS)
    return count


def _body(event: Event, now: datetime, **more: Any) -> str:
    return json.dumps({"event": event, "at": now.isoformat()} | more, ensure_ascii=False, separators=(",", ":"))


def _sending(row: dict[str, Any]) -> Sending:
    return Sending(**row | {"event": Event(row["event"]), "ciphertext": bytes(row["ciphertext"])})


def _delivery(row: dict[str, Any]) -> Delivery:
    read: dict[str, Callable[[str], Any]] = {"event": Event, "status": DeliveryStatus}
    return Delivery(**row | {name: of(row[name]) for name, of in read.items()})
