"""Webhooks against a real server on loopback: what arrives is signed, what fails is tried again, and then given up."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from blogforge_llm import db, watching
from blogforge_llm.engine import addresses
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.alerts import Delivery, DeliveryStatus, RuleKind, Webhook
from blogforge_llm.services.accounts import settings
from blogforge_llm.services.ops import alert_rules, audit, deliveries, findings, lookout, webhooks
from blogforge_llm.services.registry import encryption
from tests import factories
from tests.webhook_receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def secret_key() -> Iterator[None]:
    encryption.configure("a secret of the tests only")
    yield
    addresses.configure(private_allowed=True)


def make_webhook(conn: db.Connection, actor: User, receiver: Receiver) -> tuple[Webhook, str]:
    return webhooks.create(conn, actor=actor, name="Pager", url=receiver.url)


def fire(conn: db.Connection, actor: User) -> None:
    alert_rules.create(conn, actor=actor, kind=RuleKind.ERROR_SHARE, minimum=1, threshold=Decimal("0.5"))
    model_id = factories.make_model(conn, name="broken")
    factories.make_attempt(conn, model_id=model_id, status="failed", category="server_error")
    assert lookout.look(conn)


def only(conn: db.Connection, actor: User, webhook: Webhook) -> Delivery:
    [delivery] = deliveries.list_(conn, actor=actor, webhook_id=webhook.id)
    return delivery


def test_an_alert_arrives_signed_and_whole(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, secret = make_webhook(conn, ada, receiver)
    fire(conn, ada)
    assert watching.send_due() == 1
    [(path, headers, body)] = receiver.came
    assert path == "/hook/"
    expected = hmac.new(secret.encode(), f"{headers['BlogForge-Timestamp']}.{body}".encode(), hashlib.sha256)
    assert hmac.compare_digest(headers["BlogForge-Signature"], f"v1={expected.hexdigest()}")
    told = json.loads(body)
    assert (told["event"], told["alert"]["state"], told["alert"]["value"]) == ("alert.opened", "open", "1")
    assert headers["BlogForge-Event"] == "alert.opened" and told["alert"]["label"].endswith("/ broken")
    delivery = only(conn, ada, webhook)
    assert headers["BlogForge-Delivery"] == str(delivery.id)
    assert (delivery.status, delivery.attempts, delivery.http_status) == (DeliveryStatus.DELIVERED, 1, 200)
    assert delivery.answer == "thanks" and delivery.body == body
    assert watching.send_due() == 0


def test_a_failure_is_tried_again_later_with_the_same_body(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, _ = make_webhook(conn, ada, receiver)
    receiver.answers = [(500, {}, "broken")]
    fire(conn, ada)
    watching.send_due()
    delivery = only(conn, ada, webhook)
    assert (delivery.status, delivery.error) == (DeliveryStatus.QUEUED, "It answered 500.")
    assert watching.send_due() == 0, "it waits"
    later = findings.now(conn) + timedelta(seconds=deliveries.WAITS_S[0] + 1)
    [sending] = deliveries.claim_due(conn, now=later)
    assert sending.attempt == 2
    assert deliveries.claim_due(conn, now=later) == [], "one process has it"
    watching._send(sending)
    assert only(conn, ada, webhook).status is DeliveryStatus.DELIVERED
    assert receiver.came[0][2] == receiver.came[1][2] and receiver.came[1][1]["BlogForge-Attempt"] == "2"


def test_after_six_attempts_it_is_given_up(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, _ = make_webhook(conn, ada, receiver)
    receiver.answers = [(503, {}, "")] * deliveries.ATTEMPTS
    fire(conn, ada)
    now = findings.now(conn)
    for _ in range(deliveries.ATTEMPTS):
        [sending] = deliveries.claim_due(conn, now=now)
        watching._send(sending)
        now += timedelta(hours=3)
    delivery = only(conn, ada, webhook)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, 6)
    assert deliveries.claim_due(conn, now=now) == [] and len(receiver.came) == 6


def test_who_died_while_sending_is_followed_by_another_and_changes_nothing(
    conn: db.Connection, ada: User, receiver: Receiver
) -> None:
    webhook, _ = make_webhook(conn, ada, receiver)
    fire(conn, ada)
    [lost] = deliveries.claim_due(conn)
    [taken] = deliveries.claim_due(conn, now=findings.now(conn) + timedelta(seconds=61))
    watching._send(taken)
    deliveries.finish(conn, sending=lost, http_status=None, answer="", error="too late")
    assert only(conn, ada, webhook).status is DeliveryStatus.DELIVERED


def test_a_test_message_is_sent_at_once_and_tried_once(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, _ = make_webhook(conn, ada, receiver)
    assert watching.send_test(actor=ada, webhook_id=webhook.id).status is DeliveryStatus.DELIVERED
    receiver.answers = [(404, {}, "no such hook")]
    failed = watching.send_test(actor=ada, webhook_id=webhook.id)
    assert (failed.status, failed.error, failed.answer) == (DeliveryStatus.FAILED, "It answered 404.", "no such hook")


def test_a_redirect_is_not_followed(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, _ = make_webhook(conn, ada, receiver)
    receiver.answers = [(307, {"Location": "http://169.254.169.254/latest/meta-data"}, "")]
    failed = watching.send_test(actor=ada, webhook_id=webhook.id)
    assert failed.http_status == 307 and "redirect" in failed.error and len(receiver.came) == 1


def test_of_an_answer_little_is_kept_and_no_key(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, secret = make_webhook(conn, ada, receiver)
    receiver.answers = [(200, {}, f"sk-abcdefgh1234 {secret} " + "x" * 100_000)]
    answer = watching.send_test(actor=ada, webhook_id=webhook.id).answer
    assert len(answer) == 500 and "sk-abc" not in answer and secret not in answer


def test_nobody_there_is_said_in_words(conn: db.Connection, ada: User) -> None:
    webhook, _ = webhooks.create(conn, actor=ada, name="Gone", url="http://127.0.0.1:9/")
    assert watching.send_test(actor=ada, webhook_id=webhook.id).error.startswith("It could not be reached")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest", "http://metadata.google.internal/", "http://[fe80::1]/", "http://2852039166/",
        "ftp://example.org/", "http://user:pass@example.org/", "http://example.org/?token=1", "not an address",
        "http://0.0.0.0:99999/",
    ],
)  # fmt: skip
def test_addresses_that_may_not_be_asked_are_refused(conn: db.Connection, ada: User, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        webhooks.create(conn, actor=ada, name="Pager", url=url)
    assert refused.value.errors.keys() == {"url"}


def test_a_setting_that_came_later_holds_for_what_is_stored(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, _ = make_webhook(conn, ada, receiver)
    settings.update(conn, actor=ada, key="forbid_private_addresses", value=True)
    failed = watching.send_test(actor=ada, webhook_id=webhook.id)
    assert "Private and local addresses are not allowed" in failed.error and receiver.came == []
    with pytest.raises(Invalid):
        webhooks.create(conn, actor=ada, name="Other", url="http://localhost/")


def test_a_name_that_leads_to_a_forbidden_address_is_refused_while_connecting(
    conn: db.Connection, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = webhooks.create(conn, actor=ada, name="Pager", url="http://hook.example.org/")
    found = [(2, 1, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *asked, **more: found)
    assert "never asked" in watching.send_test(actor=ada, webhook_id=webhook.id).error


def test_the_secret_is_encrypted_and_in_no_log(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, secret = make_webhook(conn, ada, receiver)
    _, renewed = webhooks.renew_secret(conn, actor=ada, webhook_id=webhook.id)
    row = conn.execute("SELECT ciphertext FROM webhooks").fetchone()
    assert row is not None and secret.encode() not in bytes(row["ciphertext"])
    watching.send_test(actor=ada, webhook_id=webhook.id)
    _, headers, body = receiver.came[0]
    expected = hmac.new(renewed.encode(), f"{headers['BlogForge-Timestamp']}.{body}".encode(), hashlib.sha256)
    assert headers["BlogForge-Signature"] == f"v1={expected.hexdigest()}"
    log = audit.list_(conn, actor=ada, noun="webhook")
    assert [entry.action for entry in log] == ["renew secret", "create"]
    assert secret not in str(log) and renewed not in str(log)


def test_switched_off_nothing_more_is_sent(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    webhook, _ = make_webhook(conn, ada, receiver)
    fire(conn, ada)
    webhooks.update(conn, actor=ada, webhook_id=webhook.id, is_enabled=False)
    assert watching.send_due() == 0
    assert only(conn, ada, webhook).error == "The webhook was switched off."


def test_a_name_is_given_once(conn: db.Connection, ada: User, receiver: Receiver) -> None:
    make_webhook(conn, ada, receiver)
    with pytest.raises(Conflict, match="this name"):
        make_webhook(conn, ada, receiver)
