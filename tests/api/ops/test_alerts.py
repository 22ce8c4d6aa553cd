"""Alerts, their rules and webhooks over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.ops import lookout
from tests import factories

Program = Callable[[User], Any]


def test_the_usual_rules_are_added_once_and_changed(program: Program, ada: User) -> None:
    api = program(ada)
    added = api.post("/llm/alert-rules/usual").json
    assert [rule["kind"] for rule in added] == ["error_share", "latency", "budget", "circuit", "batch", "worker"]
    assert api.post("/llm/alert-rules/usual").json == []
    address = f"/llm/alert-rules/{added[0]['id']}"
    changed = api.patch(address, {"threshold": "0.5", "minimum": 3, "is_enabled": False}).json
    assert (changed["threshold"], changed["minimum"], changed["is_enabled"]) == ("0.5", 3, False)
    assert changed["window_minutes"] == added[0]["window_minutes"]
    assert api.delete(address).status_code == 204 and api.get(address).status_code == 404
    assert len(api.get("/llm/alert-rules").json) == 5


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "weather"}, "kind"),
        ({"kind": "error_share", "threshold": "2"}, "threshold"),
        ({"kind": "worker", "threshold": "0.5"}, "threshold"),
        ({"kind": "latency", "window_minutes": 61}, "window_minutes"),
        ({"kind": "budget", "window_minutes": 5}, "window_minutes"),
        ({"kind": "batch", "minimum": 0}, "minimum"),
        ({"kind": "batch", "is_enabled": "yes"}, "is_enabled"),
    ],
)
def test_what_cannot_be_is_refused_by_field(program: Program, ada: User, given: dict[str, Any], field: str) -> None:
    answer = program(ada).post("/llm/alert-rules", given)
    assert answer.status_code == 422 and answer.json["errors"].keys() == {field}


def test_an_alert_is_listed_read_and_dismissed(program: Program, conn: db.Connection, ada: User) -> None:
    api = program(ada)
    api.post("/llm/alert-rules", {"kind": "error_share", "minimum": 1})
    for _ in range(3):
        model_id = factories.make_model(conn)
        factories.make_attempt(conn, model_id=model_id, status="failed", category="server_error")
    assert lookout.look(conn)
    first = api.get("/llm/alerts?limit=2").json
    assert [alert["state"] for alert in first["items"]] == ["open", "open"]
    [last] = api.get(f"/llm/alerts?limit=2&after={first['next']}").json["items"]
    assert (last["value"], last["kind"], last["is_read"]) == ("1", "error_share", False)
    address = f"/llm/alerts/{last['id']}"
    assert api.patch(address, {"is_read": True}).json["is_read"]
    assert api.patch(address, {"is_dismissed": True}).json["dismissed_by"] == "Ada"
    assert len(api.get("/llm/alerts").json["items"]) == 2
    assert len(api.get("/llm/alerts?view=all").json["items"]) == 3
    assert api.get(address).json["state"] == "open"
    assert api.post("/llm/alerts/reading").json == {"count": 2} and api.get("/llm/alerts").json["unread"] == 0
    assert api.post("/llm/alerts/dismissal").json == {"count": 0}, "none is over"


def test_a_webhooks_secret_is_answered_once(program: Program, ada: User) -> None:
    api = program(ada)
    made = api.post("/llm/webhooks", {"name": "Pager", "url": "http://127.0.0.1:9/hook"})
    assert made.status_code == 201 and made.headers["Location"].endswith(f"/llm/webhooks/{made.json['id']}")
    address = f"/llm/webhooks/{made.json['id']}"
    assert made.json["secret"].startswith("whsec_")
    assert "secret" not in api.get(address).json and "secret" not in api.get("/llm/webhooks").json[0]
    assert api.put(f"{address}/secret").json["secret"] != made.json["secret"]
    tested = api.post(f"{address}/test").json
    assert (tested["status"], tested["event"], tested["attempts"]) == ("failed", "test", 1)
    assert api.get(f"{address}/deliveries").json["items"] == [tested]
    assert api.get(address).json["last_status"] == "failed"
    assert api.patch(address, {"is_enabled": False}).json["is_enabled"] is False
    assert api.post("/llm/webhooks", {"name": "Pager", "url": "http://127.0.0.1:9/"}).status_code == 409
    refused = api.post("/llm/webhooks", {"name": "Cloud", "url": "http://169.254.169.254/"})
    assert refused.status_code == 422 and refused.json["errors"].keys() == {"url"}
    assert api.delete(address).status_code == 204 and api.get(f"{address}/deliveries").status_code == 404


def test_a_repetition_by_its_key_does_not_tell_the_secret_again(program: Program, ada: User) -> None:
    api, key = program(ada), {"Idempotency-Key": "once"}
    first = api.post("/llm/webhooks", {"name": "Pager", "url": "http://127.0.0.1:9/"}, headers=key)
    again = api.post("/llm/webhooks", {"name": "Pager", "url": "http://127.0.0.1:9/"}, headers=key)
    assert again.json == {name: value for name, value in first.json.items() if name != "secret"}


PATHS = ("alerts", "alerts/1", "alert-rules", "alert-rules/1", "webhooks", "webhooks/1", "webhooks/1/deliveries")


@pytest.mark.parametrize("path", PATHS)
def test_they_are_for_admins(program: Program, alice: User, path: str) -> None:
    assert program(alice).get(f"/llm/{path}").status_code == 403
