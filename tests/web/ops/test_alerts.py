"""The inbox, the bell, rules and webhooks as pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.alerts import RuleKind
from blogforge_llm.services.ops import alert_rules, lookout, webhooks
from tests import factories

Browse = Callable[[User | None], FlaskClient]

PAGES = (
    "/alerts",
    "/alerts?view=all",
    "/alerts/rules",
    "/alerts/rules/new",
    "/alerts/webhooks",
    "/alerts/webhooks/new",
)
TYPED = {"kind": "error_share", "threshold": "7.5", "window_minutes": "5", "minimum": "20", "cooldown_minutes": "3"}


@pytest.fixture
def alert_id(conn: db.Connection, ada: User) -> int:
    """Of a model whose only call failed; its name tries to be markup."""
    alert_rules.create(conn, actor=ada, kind=RuleKind.ERROR_SHARE, minimum=1)
    factories.make_attempt(
        conn, model_id=factories.make_model(conn, name="<b>broken"), status="failed", category="server_error"
    )
    assert lookout.look(conn)
    row = conn.execute("SELECT id FROM alerts").fetchone()
    assert row is not None
    return int(row["id"])


def test_without_rules_the_usual_ones_are_offered_and_not_made(browse: Browse, conn: db.Connection, ada: User) -> None:
    browser = browse(ada)
    assert "Add the usual rules" in browser.get("/alerts").text
    assert alert_rules.list_kept(conn) == []
    assert browser.post("/alerts/rules/usual").status_code == 303
    assert [rule.kind for rule in alert_rules.list_kept(conn)] == list(RuleKind)
    browser.post("/alerts/rules/usual")
    assert len(alert_rules.list_kept(conn)) == 6
    assert "All is well" in browser.get("/alerts").text
    assert "25% or more within 10 min, of at least 10 calls" in browser.get("/alerts/rules").text


def test_the_bell_counts_what_is_unread_for_admins_only(browse: Browse, ada: User, alice: User, alert_id: int) -> None:
    browser = browse(ada)
    assert "Alerts, 1 unread" in browser.get("/posts").text
    assert "Alerts," not in browse(alice).get("/posts").text
    assert browser.post("/alerts/reading").status_code == 303
    assert "Alerts, none unread" in browser.get("/posts").text


def test_an_alert_is_shown_read_dismissed_and_brought_back(browse: Browse, ada: User, alert_id: int) -> None:
    browser = browse(ada)
    page = browser.get("/alerts").text
    assert "100% of 1 calls failed" in page and "&lt;b&gt;broken" in page and "<b>broken" not in page
    browser.post(f"/alerts/{alert_id}/reading")
    assert "Mark read" not in browser.get("/alerts").text
    browser.post(f"/alerts/{alert_id}/dismissal")
    assert f"alert-{alert_id}" not in browser.get("/alerts").text
    assert "dismissed by Ada" in browser.get("/alerts?view=all").text
    assert browser.post(f"/alerts/{alert_id}/return", data={"view": "all"}).headers["Location"] == "/alerts?view=all"
    assert f"alert-{alert_id}" in browser.get("/alerts").text


def test_a_rule_is_made_changed_and_deleted(browse: Browse, conn: db.Connection, ada: User) -> None:
    browser = browse(ada)
    typed = {
        "kind": "error_share",
        "threshold": "12.5",
        "window_minutes": "5",
        "minimum": "20",
        "cooldown_minutes": "0",
    }
    assert browser.post("/alerts/rules", data=typed | {"is_enabled": "1"}).status_code == 303
    [rule] = alert_rules.list_kept(conn)
    assert (rule.threshold, rule.window_minutes, rule.minimum, rule.cooldown_minutes) == (Decimal("0.125"), 5, 20, 0)
    assert 'value="12.5"' in browser.get(f"/alerts/rules/{rule.id}/edit").text
    browser.post(f"/alerts/rules/{rule.id}", data=typed | {"threshold": "50"})
    [rule] = alert_rules.list_kept(conn)
    assert rule.threshold == Decimal("0.5") and not rule.is_enabled
    browser.post(f"/alerts/rules/{rule.id}/deletion")
    assert alert_rules.list_kept(conn) == []


@pytest.mark.parametrize(
    ("field", "text"),
    [("threshold", "0"), ("threshold", "101"), ("window_minutes", "61"), ("minimum", ""), ("minimum", "x")],
)
def test_what_cannot_be_comes_back_with_what_was_typed(browse: Browse, ada: User, field: str, text: str) -> None:
    answer = browse(ada).post("/alerts/rules", data=TYPED | {field: text})
    assert answer.status_code == 422
    assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', answer.text)
    assert field == "threshold" or 'value="7.5"' in answer.text


@pytest.mark.parametrize("kind", list(RuleKind))
def test_each_kind_asks_for_what_it_has(browse: Browse, conn: db.Connection, ada: User, kind: RuleKind) -> None:
    page = browse(ada).get(f"/alerts/rules/new?kind={kind}").text
    about = alert_rules.KINDS[kind]
    assert ('id="f-threshold"' in page) is (about.most is not None)
    assert ('id="f-minimum"' in page) is bool(about.counted)


def test_a_webhooks_secret_is_shown_once(browse: Browse, conn: db.Connection, ada: User) -> None:
    browser = browse(ada)
    made = browser.post("/alerts/webhooks", data={"name": "Pager", "url": "http://127.0.0.1:9/", "is_enabled": "1"})
    assert made.status_code == 201
    secret = re.search(r"whsec_[\w-]{40,}", made.text)
    assert secret
    [webhook] = webhooks.list_all(conn, actor=ada)
    for path in ("/alerts/webhooks", f"/alerts/webhooks/{webhook.id}", f"/alerts/webhooks/{webhook.id}/edit", "/audit"):
        assert "whsec_" not in browser.get(path).text
    renewed = browser.post(f"/alerts/webhooks/{webhook.id}/secret").text
    assert "whsec_" in renewed and secret.group(0) not in renewed


def test_a_test_that_is_not_taken_says_why_and_stands_in_the_log(
    browse: Browse, conn: db.Connection, ada: User
) -> None:
    browser = browse(ada)
    browser.post("/alerts/webhooks", data={"name": "Pager", "url": "http://127.0.0.1:9/"})
    [webhook] = webhooks.list_all(conn, actor=ada)
    browser.post(f"/alerts/webhooks/{webhook.id}/test")
    page = browser.get(f"/alerts/webhooks/{webhook.id}").text
    assert "The test was not taken. It could not be reached" in page and "Given up" in page


def test_a_forbidden_address_comes_back_with_what_was_typed(browse: Browse, ada: User) -> None:
    typed = {"name": "Cloud", "url": "http://169.254.169.254/latest"}
    answer = browse(ada).post("/alerts/webhooks", data=typed)
    assert answer.status_code == 422
    assert "never asked" in answer.text and typed["url"] in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_they_are_for_admins(browse: Browse, alice: User, ada: User, path: str) -> None:
    assert browse(alice).get(path).status_code == 403
    assert browse(ada).get(path).status_code == 200
