"""Budgets, the ledger and prices over the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from tests import factories
from tests.conftest import ApiClient

Program = Callable[[User], ApiClient]


def test_a_budget_from_its_setting_to_its_end(conn: db.Connection, program: Program, ada: User) -> None:
    factories.make_attempt(conn, model_id=factories.make_model(conn), cost="12.5")
    api = program(ada)
    made = api.post("/llm/budgets", {"scope": "instance", "period": "month", "amount": "50"})
    assert made.status_code == 201
    assert (made.json["spent"], made.json["remaining"], made.json["state"]) == ("12.5", "37.5", "ok")
    assert made.json["period_start"].endswith("-01") and made.json["period_end"].endswith("-01")
    path = f"/llm/budgets/{made.json['id']}"
    changed = api.patch(path, {"amount": "12", "refuses_unpriced": True}).json
    assert (changed["amount"], changed["remaining"], changed["state"], changed["refuses_unpriced"]) == (
        "12", "0", "spent", True,
    )  # fmt: skip
    assert [budget["id"] for budget in api.get("/llm/budgets").json] == [made.json["id"]]
    assert api.post("/llm/budgets", {"scope": "instance", "period": "month", "amount": "1"}).status_code == 409
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scope": "batch", "period": "month", "amount": "1"}, "scope"),
        ({"scope": "instance", "period": "week", "amount": "1"}, "period"),
        ({"scope": "instance", "period": "month"}, "amount"),
        ({"scope": "instance", "period": "month", "amount": "-1"}, "amount"),
        ({"scope": "instance", "period": "month", "amount": "NaN"}, "amount"),
        ({"scope": "user", "period": "month", "amount": "1"}, "user_id"),
        ({"scope": "instance", "period": "month", "amount": "1", "warn_share": "2"}, "warn_share"),
    ],
)
def test_a_budget_that_cannot_be_is_refused_by_field(
    program: Program, ada: User, body: dict[str, str], field: str
) -> None:
    answer = program(ada).post("/llm/budgets", body)
    assert answer.status_code == 422 and field in answer.json["errors"]


@pytest.mark.parametrize("path", ["/llm/budgets", "/llm/ledger", "/llm/ledger/attempts"])
def test_money_is_for_admins(program: Program, alice: User, path: str) -> None:
    assert program(alice).get(path).status_code == 403


def test_the_ledger_sums_up_and_names_its_rows(conn: db.Connection, program: Program, ada: User, alice: User) -> None:
    model_id = factories.make_model(conn, name="llama", provider="Groq")
    for cost in ("0.1", "0.000000059"):
        factories.make_attempt(conn, model_id=model_id, user=alice, cost=cost)
    factories.make_attempt(conn, model_id=model_id, cost=None, source="unknown", status="failed", category="timeout")
    api = program(ada)
    found = api.get("/llm/ledger?group=user").json
    assert found["total"]["cost"] == "0.100000059" and found["total"]["unpriced"] == 1
    assert [(each["key"], each["label"], each["calls"]) for each in found["sums"]] == [
        (str(alice.id), "Alice", 2), (None, None, 1),
    ]  # fmt: skip
    first = api.get(f"/llm/ledger/attempts?group=user&key={alice.id}&limit=1").json
    assert (first["items"][0]["cost"], first["items"][0]["model"]) == ("0.000000059", "llama")
    second = api.get(f"/llm/ledger/attempts?group=user&key={alice.id}&limit=1&after={first['next']}").json
    assert [each["cost"] for each in second["items"]] == ["0.1"] and second["next"] is None
    assert api.get("/llm/ledger?month=2020-01").json["sums"] == []


@pytest.mark.parametrize("query", ["?month=soon", "?from=2026-11-31", "?group=colour", "/attempts?group=colour"])
def test_a_question_without_sense_is_refused(program: Program, ada: User, query: str) -> None:
    assert program(ada).get(f"/llm/ledger{query}").status_code == 422


@pytest.mark.parametrize("span", ["from=2026-11-05&to=2026-11-01", "to=0150-08-12", "from=9999-12-31"])
def test_between_days_without_calls_nothing_was_spent(program: Program, ada: User, span: str) -> None:
    assert program(ada).get(f"/llm/ledger?{span}").json["sums"] == []
    assert program(ada).get(f"/llm/ledger/attempts?{span}").json["items"] == []


def test_a_sum_that_is_not_there_is_not_found(program: Program, ada: User) -> None:
    for query in ("group=model&key=x", "group=model", "group=source&key=guessed", "group=day&key=7"):
        assert program(ada).get(f"/llm/ledger/attempts?{query}").status_code == 404


def test_a_price_to_come_is_set_and_deleted(conn: db.Connection, program: Program, ada: User, alice: User) -> None:
    path = f"/llm/models/{factories.make_model(conn, input_price='1', output_price='2')}/prices"
    api = program(ada)
    body = {"input_price": "0.5", "output_price": "0.75", "valid_from": "2099-01-01T00:00:00+01:00"}
    made = api.post(path, body)
    assert made.status_code == 201 and made.json["valid_from"].startswith("2098-12-31T23:00:00")
    future, present = program(alice).get(path).json
    assert (future["current"], present["current"], present["input_price"]) == (False, True, "1")
    assert program(alice).post(path, body).status_code == 403
    assert api.post(path, body).status_code == 409
    assert api.post(path, {"valid_from": "2020-01-01T00:00:00Z"}).status_code == 409
    assert api.delete(f"{path}/{present['id']}").status_code == 409
    assert api.delete(f"{path}/{future['id']}").status_code == 204
    assert api.delete(f"{path}/{future['id']}").status_code == 404
    assert api.get("/llm/models/999999/prices").status_code == 404
