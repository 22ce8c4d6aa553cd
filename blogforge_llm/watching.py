"""The look-out of a process: a thread that looks for alerts, once a minute among all processes, and sends what webhooks
are to be told. In web processes too: that no worker is there could else be noticed by nobody.
"""

from __future__ import annotations

import logging
import threading

from blogforge_llm import db
from blogforge_llm.engine import webhooks as engine
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.alerts import Delivery, Sending
from blogforge_llm.records.ops import ErrorSource
from blogforge_llm.services.ops import deliveries, errors, lookout, webhooks
from blogforge_llm.services.registry import address_policy, encryption

log = logging.getLogger(__name__)

EVERY_S = 5.0


class Watch:
    """One per process."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Doing it twice is doing it once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """What is being sent ends by itself, or is sent again by another process."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                look()
                while send_due() and not self._stop.is_set():
                    pass
            except db.FAILURES as error:
                log.warning("could not look for alerts: %s", error)
            except Exception as error:
                log.exception("looking for alerts failed")  # and goes on: the next minute may be another
                errors.note(error, source=ErrorSource.JOB)


def look() -> bool:
    """Whether this process was the one."""
    with db.transaction() as conn:
        return lookout.look(conn)


def send_due() -> int:
    """Try what is due, some at a time; how many were tried."""
    with db.transaction() as conn:
        found = deliveries.claim_due(conn)
        if found:
            address_policy.apply(conn)
    for sending in found:
        _send(sending)
    return len(found)


def send_test(*, actor: User, webhook_id: int) -> Delivery:
    """A message without an alert, now; how it ended. Raises NotFound, Forbidden."""
    with db.transaction() as conn:
        webhooks.get(conn, actor=actor, webhook_id=webhook_id)
        sending = deliveries.begin_test(conn, webhook_id=webhook_id)
        address_policy.apply(conn)
    _send(sending)
    with db.connection() as conn:
        return deliveries.get(conn, actor=actor, webhook_id=webhook_id, delivery_id=sending.id)


def _send(sending: Sending) -> None:
    try:
        secret = encryption.decrypt(sending.ciphertext)
    except Invalid:
        why = "Its secret cannot be read, since BLOGFORGE_SECRET_KEY has changed. Make a new one."
        taken = engine.Taken(None, "", why)
    else:
        taken = engine.post(
            sending.url, body=sending.body, secret=secret, event=sending.event, delivery_id=sending.id,
            attempt=sending.attempt,
        )  # fmt: skip
    with db.transaction() as conn:
        deliveries.finish(conn, sending=sending, http_status=taken.http_status, answer=taken.answer, error=taken.error)


watch = Watch()
