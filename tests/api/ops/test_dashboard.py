"""The dashboard's figures over the API are those of the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.ops import dashboard, totals
from tests import factories

Program = Callable[[User], Any]


def test_it_tells_the_figures_of_the_page(program: Program, conn: db.Connection, alice: User) -> None:
    model_id, at = factories.make_model(conn), datetime.now(UTC) - timedelta(minutes=5)
    for category, served, cost in ((None, model_id, "0.5"), ("rate_limit", None, "0")):
        conn.execute(
            "INSERT INTO tasks (status, messages, deadline_s, created_at, started_at, finished_at, error_category, "
            "served_by_model_id, input_tokens, output_tokens, cost) "
            "VALUES (%s, '[]', 9, %s, %s, %s, %s, %s, 10, 20, %s)",
            ("failed" if category else "succeeded", at, at, at + timedelta(seconds=2), category, served, cost),
        )
    while totals.read_ended(conn):
        pass
    while totals.add_up(conn):
        pass
    told = program(alice).get("/llm/dashboard?days=30").json
    shown = dashboard.get(conn, actor=alice, days=30)
    assert (told["days"], told["tasks"], told["failed"]) == (30, shown.tasks, shown.failed)
    assert (told["tasks"], Decimal(told["cost"]), told["latency"]["count"]) == (2, Decimal("0.5"), 1)
    assert len(told["by_day"]) == 30 and len(told["by_hour"]) == 24
    assert told["failures"] == [{"category": category, "tasks": tasks} for category, tasks in shown.failures]


def test_on_an_empty_installation_it_is_all_nothing(program: Program, alice: User) -> None:
    told = program(alice).get("/llm/dashboard").json
    assert (told["days"], told["tasks"], told["latency"], told["dearest"], told["budgets"]) == (7, 0, None, [], {})


@pytest.mark.parametrize("days", ["2", "x", "-1", "99999999999999999999"])
def test_other_periods_are_refused(program: Program, alice: User, days: str) -> None:
    answer = program(alice).get(f"/llm/dashboard?days={days}")
    assert answer.status_code == 422 and answer.json["errors"].keys() == {"days"}
