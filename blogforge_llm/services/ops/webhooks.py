"""Who is told of alerts by a POST: addresses, under the same policy as providers', and secrets, shown once."""

from __future__ import annotations

import secrets
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine import addresses
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.alerts import Webhook
from blogforge_llm.services import texts, uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit, deliveries
from blogforge_llm.services.registry import address_policy, encryption

sql = db.load("ops/webhooks")

MOST = 20  # each alert is a message to every one of them
_URL_LENGTH = 500


def list_all(conn: db.Connection, *, actor: User) -> list[Webhook]:
    """By name."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    return [Webhook(**row) for row in sql.list_webhooks(conn, webhook_id=None)]


def get(conn: db.Connection, *, actor: User, webhook_id: int) -> Webhook:
    permissions.require(actor, Permission.KEEP_ALERTS)
    for row in sql.list_webhooks(conn, webhook_id=webhook_id):
        return Webhook(**row)
    raise NotFound("There is no such webhook. It may have been deleted.")


def create(conn: db.Connection, *, actor: User, name: str, url: str, is_enabled: bool = True) -> tuple[Webhook, str]:
    """The webhook and the secret that signs its messages, which cannot be had again. Raises Invalid, Conflict."""
    permissions.require(actor, Permission.KEEP_ALERTS)
    name, url = _checked(conn, name, url)
    if len(list_all(conn, actor=actor)) >= MOST:
        raise Conflict(f"There are {MOST} webhooks already. Delete one first.")
    secret = _new_secret()
    with _unique(conn):
        webhook_id = sql.create_webhook(
            conn, name=name, url=url, ciphertext=encryption.encrypt(secret), is_enabled=is_enabled, created_by=actor.id
        )
    return _noted(conn, actor, "create", None, get(conn, actor=actor, webhook_id=webhook_id)), secret


def update(
    conn: db.Connection, *, actor: User, webhook_id: int, name: str | None = None, url: str | None = None,
    is_enabled: bool | None = None,
) -> Webhook:  # fmt: skip
    """Change what is given. Switched off, what was not delivered yet is given up. Raises Invalid, Conflict."""
    before = get(conn, actor=actor, webhook_id=webhook_id)
    name, url = _checked(conn, before.name if name is None else name, before.url if url is None else url)
    stays = before.is_enabled if is_enabled is None else is_enabled
    with _unique(conn):
        sql.update_webhook(conn, webhook_id=webhook_id, name=name, url=url, is_enabled=stays)
    if not stays:
        deliveries.give_up(conn, webhook_id=webhook_id, why="The webhook was switched off.")
    return _noted(conn, actor, "update", before, get(conn, actor=actor, webhook_id=webhook_id))


def renew_secret(conn: db.Connection, *, actor: User, webhook_id: int) -> tuple[Webhook, str]:
    """From now on messages are signed with the new one only."""
    webhook, secret = get(conn, actor=actor, webhook_id=webhook_id), _new_secret()
    sql.set_secret(conn, webhook_id=webhook_id, ciphertext=encryption.encrypt(secret))
    audit.record(conn, actor=actor, action="renew secret", noun="webhook", noun_id=webhook_id, detail=webhook.name)
    return webhook, secret


def delete(conn: db.Connection, *, actor: User, webhook_id: int) -> Webhook:
    """With the log of its deliveries."""
    webhook = get(conn, actor=actor, webhook_id=webhook_id)
    sql.delete_webhook(conn, webhook_id=webhook_id)
    return _noted(conn, actor, "delete", webhook, None)


def _checked(conn: db.Connection, name: str, url: str) -> tuple[str, str]:
    name = texts.line(name, name="name", label="Name", max_length=100)
    url = texts.line(url, name="url", label="Address", max_length=_URL_LENGTH)
    address_policy.apply(conn)
    try:
        checked = addresses.check(url)
    except Invalid as refusal:
        raise Invalid.field("url", str(refusal)) from None
    # A base URL ends without a slash; here it may be part of the address.
    return name, f"{checked}/" if url.endswith("/") else checked


def _unique(conn: db.Connection) -> Any:
    message = "There is a webhook of this name already. Choose another."
    return uniqueness.guard(conn, constraint="webhooks_name_key", message=message)


def _new_secret() -> str:
    return "whsec_" + secrets.token_urlsafe(32)


def _noted(
    conn: db.Connection, actor: User, action: str, before: Webhook | None, after: Webhook | None
) -> Webhook:  # fmt: skip
    webhook = after or before
    assert webhook is not None
    kept: list[dict[str, Any] | None] = [
        None if row is None else {"name": row.name, "url": row.url, "is_enabled": row.is_enabled}
        for row in (before, after)
    ]
    audit.record(
        conn, actor=actor, action=action, noun="webhook", noun_id=webhook.id, detail=webhook.name, before=kept[0],
        after=kept[1],
    )  # fmt: skip
    return webhook
