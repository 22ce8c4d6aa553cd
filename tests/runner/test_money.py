"""Budgets where calls are really made: before the first one, before a repeat, before whom the route asks next."""

from __future__ import annotations

from decimal import Decimal

import pytest

from blogforge_llm import db, runner
from blogforge_llm.engine.types import Message
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import Category, Task, TaskStatus
from blogforge_llm.services.ops import budgets, ledger
from blogforge_llm.services.ops.ledger import Span
from blogforge_llm.services.tasks import attempts, tasks
from tests import factories
from tests.provider_standin import Standin


@pytest.fixture
def admin(configured: None) -> User:
    with db.transaction() as conn:
        return factories.make_user(conn, name="Ada", role="admin")


def run(admin: User, standin: Standin, *models: tuple[str, str]) -> Task:
    """A task over a route of these, (model, USD per million tokens of output), run to its end."""
    with db.transaction() as conn:
        provider_id = factories.make_provider(conn, kind="groq", base_url=standin.groq_url)
        ids = factories.make_models(conn, provider_id=provider_id, names=[name for name, _ in models])
        for model_id, (_, price) in zip(ids, models, strict=True):
            conn.execute("UPDATE models SET input_price = 0, output_price = %s WHERE id = %s", (price, model_id))
        route_id = factories.make_route(conn, model_ids=ids, name=f"Route {ids}", is_default=False)
        said = [Message.of("user", "Why does bread rise?")]
        task = tasks.create(conn, actor=admin, messages=said, route_id=route_id)
    runner.run_queued(task.id)
    with db.connection() as conn:
        return tasks.get(conn, task_id=task.id)


def set_budget(admin: User, amount: str) -> int:
    with db.transaction() as conn:
        return budgets.create(conn, actor=admin, scope="instance", period="month", amount=Decimal(amount)).id


def test_nothing_is_sent_when_the_budget_has_no_room(admin: User, standin: Standin) -> None:
    set_budget(admin, "0.004")  # an answer nobody bounded is taken for 4,096 tokens
    task = run(admin, standin, ("ok", "1"))
    assert (task.status, task.error_category) == (TaskStatus.FAILED, Category.BUDGET_EXCEEDED)
    assert task.error_message == (
        "The budget of this installation for this month (UTC), $0.0040, has $0.0040 left, and a call to ok may cost"
        " $0.0041. Ask an admin to raise it, or wait until next month."
    )
    assert standin.requests == []


def test_the_next_on_the_route_is_not_asked_over_the_budget_and_a_free_one_is(admin: User, standin: Standin) -> None:
    set_budget(admin, "1")
    task = run(admin, standin, ("status:503", "1"), ("ok", "1000"))
    assert task.error_category is Category.BUDGET_EXCEEDED
    assert "a call to ok may cost $4.10" in (task.error_message or "")
    assert {request.model for request in standin.requests} == {"status:503"}
    task = run(admin, standin, ("status:503", "1"), ("ok", "1000"), ("drip:1", "0"))
    assert (task.status, task.served_by) == (TaskStatus.SUCCEEDED, "drip:1")


def test_what_was_spent_is_the_sum_of_the_attempts(admin: User, standin: Standin) -> None:
    budget_id = set_budget(admin, "5")
    names = ("ok", "no-usage", "status:500", "empty", "ok")
    ran = [run(admin, standin, (name, "2"), ("drip:1", "3")) for name in names]
    with db.transaction() as conn:
        cost = [a.cost for task in ran for a in attempts.list_(conn, task_id=task.id)]
        budget = budgets.get(conn, actor=admin, budget_id=budget_id)
        assert budget.spent == sum(known for known in cost if known is not None) > 0
        assert budget.held == 0
        assert sum(task.cost or 0 for task in ran) == budget.spent
        span = Span.read()
        assert ledger.spend_between(conn, since=span.since, until=span.until).cost == budget.spent
