"""Budgets as people keep them; that they are enforced is in tests/engine/test_budgets.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.ops import Budget
from blogforge_llm.services.ops import audit, budgets, ledger
from tests import factories


def make(conn: db.Connection, actor: User, **given: Any) -> Budget:
    return budgets.create(conn, actor=actor, **{"scope": "instance", "period": "month", "amount": Decimal(50)} | given)


def test_a_budget_knows_what_was_spent_before_it(conn: db.Connection, ada: User, alice: User) -> None:
    model_id = factories.make_model(conn)
    factories.make_attempt(conn, model_id=model_id, user=alice, cost="41")
    long_ago = datetime.now(UTC) - timedelta(days=40)
    factories.make_attempt(conn, model_id=model_id, user=alice, cost="7", started_at=long_ago)
    budget = make(conn, ada)
    assert (budget.spent, budget.remaining, budget.state) == (41, 9, "warning")
    assert budget.since.day == 1 and budget.until is not None and budget.until.day == 1
    while ledger.fold(conn):
        pass
    assert budgets.get(conn, actor=ada, budget_id=budget.id).spent == 41
    ever = make(conn, ada, period="ever")
    assert (ever.spent, ever.until) == (48, None)


def test_everybodys_budget_shows_who_spent_most(conn: db.Connection, ada: User, alice: User, bob: User) -> None:
    model_id = factories.make_model(conn)
    for user, cost in ((alice, "3"), (bob, "9"), (None, "20")):
        factories.make_attempt(conn, model_id=model_id, user=user, cost=cost)
    each = make(conn, ada, scope="each_user", amount=Decimal(10))
    assert (each.top_user_name, each.spent, each.state) == ("Bob", 9, "warning")
    own = make(conn, ada, scope="user", user_id=bob.id, amount=Decimal(9))
    assert (own.label, own.state) == ("Bob", "spent")
    each = budgets.get(conn, actor=ada, budget_id=each.id)
    assert (each.top_user_name, each.spent) == ("Alice", 3)
    assert [budget.scope for budget in budgets.list_all(conn, actor=ada)] == ["each_user", "user"]


def test_people_are_warned_of_the_budgets_they_must_fit_into(
    conn: db.Connection, ada: User, alice: User, bob: User
) -> None:
    factories.make_attempt(conn, model_id=factories.make_model(conn), user=alice, cost="9")
    make(conn, ada, scope="each_user", amount=Decimal(10))
    assert budgets.list_warnings(conn, actor=alice) == ["Your budget per month is nearly used up: $9.00 of $10.00."]
    assert budgets.list_warnings(conn, actor=bob) == []
    make(conn, ada, amount=Decimal(9))
    assert budgets.list_warnings(conn, actor=bob) == [
        "The budget of this installation per month is used up: $9.00 of $9.00."
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scope": "batch"}, "scope"),
        ({"scope": "user"}, "user_id"),
        ({"scope": "user", "user_id": 2**62}, "user_id"),
        ({"period": "week"}, "period"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": Decimal("1e12")}, "amount"),
        ({"warn_share": Decimal(0)}, "warn_share"),
        ({"warn_share": Decimal(80)}, "warn_share"),
    ],
)
def test_what_cannot_be_is_refused_by_field(conn: db.Connection, ada: User, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(conn, ada, **given)
    assert refused.value.errors.keys() == {field}


def test_there_is_one_budget_of_a_kind_and_period(conn: db.Connection, ada: User) -> None:
    make(conn, ada)
    make(conn, ada, period="day")
    with pytest.raises(Conflict, match="Change that one"):
        make(conn, ada)


def test_every_change_is_noted(conn: db.Connection, ada: User) -> None:
    budget = make(conn, ada)
    budgets.update(conn, actor=ada, budget_id=budget.id, amount=Decimal("75.5"), refuses_unpriced=True)
    budgets.delete(conn, actor=ada, budget_id=budget.id)
    noted = [(entry.action, entry.detail) for entry in audit.list_(conn, actor=ada, noun="budget")]
    last = "The whole installation, per month: $75.5, warns at 80%, no models without a price"
    assert noted[:2] == [("delete", last), ("change", last)] and noted[2][0] == "create"
    with pytest.raises(NotFound):
        budgets.get(conn, actor=ada, budget_id=budget.id)


def test_a_batchs_budget_is_set_and_changed_at_the_batch(conn: db.Connection, ada: User, alice: User) -> None:
    factories.make_attempt(conn, model_id=factories.make_model(conn), user=alice, cost="2", billed_to="batch:12")
    budgets.set_for_batch(conn, actor=alice, batch_id=12, amount=Decimal(5))
    budgets.set_for_batch(conn, actor=alice, batch_id=12, amount=Decimal(6))
    [budget] = budgets.list_all(conn, actor=ada)
    assert (budget.label, budget.amount, budget.spent) == ("Batch 12", 6, 2)
    with pytest.raises(Conflict, match="belongs to a batch"):
        budgets.delete(conn, actor=ada, budget_id=budget.id)
    with pytest.raises(Invalid, match="USD"):
        budgets.set_for_batch(conn, actor=alice, batch_id=12, amount=Decimal(-1))
    budgets.set_for_batch(conn, actor=alice, batch_id=12, amount=None)
    assert budgets.list_all(conn, actor=ada) == []
