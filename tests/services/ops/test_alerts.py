"""Each kind of rule on real rows: it fires, it is over by itself, and it is told once."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.types import Outcome
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.alerts import Alert, AlertView, RuleKind
from blogforge_llm.records.tasks import AttemptStatus, Category
from blogforge_llm.services.ops import alert_rules, alerts, budgets, errors, findings, lookout, webhooks
from blogforge_llm.services.registry import candidates, circuits, encryption
from blogforge_llm.services.tasks import workers
from tests import factories


class Clock:
    """Looks a minute apart, as they come."""

    def __init__(self, conn: db.Connection, actor: User) -> None:
        self.conn, self.actor = conn, actor
        self.now: datetime = findings.now(conn)

    def look(self, *, minutes: int = 1) -> list[Alert]:
        """Look so much later; the open alerts."""
        self.now += timedelta(minutes=minutes)
        assert lookout.look(self.conn, now=self.now)
        return self.open()

    def open(self) -> list[Alert]:
        return alerts.list_(self.conn, actor=self.actor, view=AlertView.OPEN)

    def told(self) -> list[str]:
        rows = self.conn.execute("SELECT event FROM deliveries WHERE event <> 'test' ORDER BY id").fetchall()
        return [row["event"] for row in rows]


@pytest.fixture
def clock(conn: db.Connection, ada: User) -> Clock:
    encryption.configure("a secret of the tests only")
    webhooks.create(conn, actor=ada, name="Pager", url="http://127.0.0.1:9/hook")
    return Clock(conn, ada)


def make_rule(conn: db.Connection, actor: User, kind: RuleKind, **given: Any) -> int:
    return alert_rules.create(conn, actor=actor, kind=kind, **given).id


def call(clock: Clock, model_id: int, *, good: int = 0, bad: int = 0, seconds: float = 1) -> None:
    """Calls that ended just now, by the clock."""
    started = clock.now - timedelta(seconds=seconds)
    for status in ["succeeded"] * good + ["failed"] * bad:
        category = "server_error" if status == "failed" else None
        factories.make_attempt(
            clock.conn, model_id=model_id, status=status, category=category, started_at=started, finished_at=clock.now
        )


def test_failed_calls_of_a_model_fire_and_are_over(conn: db.Connection, ada: User, clock: Clock) -> None:
    make_rule(conn, ada, RuleKind.ERROR_SHARE, threshold=Decimal("0.25"), window_minutes=5, minimum=10)
    broken, fine = factories.make_model(conn, name="broken"), factories.make_model(conn, name="fine")
    call(clock, broken, good=6, bad=4)
    call(clock, fine, good=10)
    [alert] = clock.look()
    assert (alert.subject, alert.value, alert.kind) == (f"model:{broken}", Decimal("0.4"), RuleKind.ERROR_SHARE)
    assert alert.label.endswith("/ broken") and alert.detail == "40% of 10 calls failed within 5 minutes."
    assert len(clock.look()) == 1 and clock.told() == ["alert.opened"]
    assert len(clock.look(minutes=6)) == 1, "once clear may be a moment's quiet"
    assert clock.look() == [] and clock.told() == ["alert.opened", "alert.resolved"]
    assert alerts.get(conn, actor=ada, alert_id=alert.id).state == "resolved"


def test_too_few_calls_and_stopped_ones_and_no_ai_say_nothing(conn: db.Connection, ada: User, clock: Clock) -> None:
    make_rule(conn, ada, RuleKind.ERROR_SHARE, minimum=3)
    call(clock, factories.make_model(conn), bad=2)
    call(clock, factories.make_model(conn, is_ai=False), bad=5)
    stopped = factories.make_model(conn)
    for status in ("cancelled", "abandoned", "cancelled"):
        factories.make_attempt(conn, model_id=stopped, status=status)
    assert clock.look() == []


def test_what_swings_around_the_threshold_is_one_alert(conn: db.Connection, ada: User, clock: Clock) -> None:
    make_rule(conn, ada, RuleKind.ERROR_SHARE, threshold=Decimal("0.5"), window_minutes=1, minimum=10)
    model_id = factories.make_model(conn)
    for bad in (5, 4, 5, 4):  # 0.4 is below 0.5, and not below four fifths of it
        clock.now += timedelta(minutes=1)
        call(clock, model_id, good=10 - bad, bad=bad)
        [alert] = clock.look(minutes=0)
    assert alert.openings == 1 and clock.told() == ["alert.opened"]


def test_slow_answers_fire_by_their_p95(conn: db.Connection, ada: User, clock: Clock) -> None:
    make_rule(conn, ada, RuleKind.LATENCY, threshold=Decimal(20), window_minutes=5, minimum=10)
    model_id = factories.make_model(conn)
    call(clock, model_id, good=18, seconds=2)
    call(clock, model_id, good=2, seconds=40)
    call(clock, model_id, bad=5, seconds=300)  # failures have a rule of their own
    [alert] = clock.look()
    assert alert.subject == f"model:{model_id}" and alert.value >= 20
    clock.look(minutes=6)
    assert clock.look() == []


def test_a_budget_fires_at_its_share_and_is_over_when_raised(conn: db.Connection, ada: User, clock: Clock) -> None:
    make_rule(conn, ada, RuleKind.BUDGET, threshold=Decimal("0.9"))
    budget = budgets.create(conn, actor=ada, scope="instance", period="month", amount=Decimal(10))
    model_id = factories.make_model(conn)
    factories.make_attempt(conn, model_id=model_id, cost="8.9")
    assert clock.look() == []
    factories.make_attempt(conn, model_id=model_id, cost="0.5")
    [alert] = clock.look()
    assert (alert.subject, alert.detail) == (f"budget:{budget.id}", "$9.40 of $10.00 spent, 94%.")
    budgets.update(conn, actor=ada, budget_id=budget.id, amount=Decimal(11))
    clock.look()
    assert clock.look() == []


def test_a_circuit_the_engine_opened_fires_and_is_over_when_closed(
    conn: db.Connection, ada: User, clock: Clock
) -> None:
    make_rule(conn, ada, RuleKind.CIRCUIT, window_minutes=2)
    model_id, other = factories.make_model(conn), factories.make_model(conn)
    [asked] = candidates.list_for(conn, model_id=model_id)
    breaker = Breakers([asked], uuid.uuid4())
    assert breaker.may_ask(asked) is None
    breaker.report(asked, Outcome(AttemptStatus.FAILED, Category.MODEL_NOT_FOUND))
    circuits.open_(conn, actor=ada, name=f"model:{other}", note="costs too much")
    assert clock.look(minutes=1) == [], "not yet for so long"
    [alert] = clock.look(minutes=2)
    assert alert.subject == f"model:{model_id}" and "model not found" in alert.detail
    circuits.close(conn, actor=ada, name=f"model:{model_id}")
    clock.look()
    assert clock.look() == []


def test_a_batch_that_failed_fires_and_is_over_when_begun_again(conn: db.Connection, ada: User, clock: Clock) -> None:
    make_rule(conn, ada, RuleKind.BATCH, threshold=Decimal("0.2"))
    batch = "INSERT INTO batches (kind, title, status, concurrency, priority, succeeded, failed, finished_at) "
    row = conn.execute(
        batch + "VALUES ('prompts', 'Summaries', 'completed', 4, 5, 7, 3, clock_timestamp()), "
        "('prompts', 'Fine', 'completed', 4, 5, 9, 1, clock_timestamp()) RETURNING id"
    ).fetchone()
    assert row is not None
    [alert] = clock.look()
    assert (alert.subject, alert.label) == (f"batch:{row['id']}", "Summaries")
    assert alert.detail == "3 of 10 items failed."
    conn.execute("UPDATE batches SET status = 'running', finished_at = NULL WHERE id = %s", (row["id"],))
    clock.look()
    assert clock.look() == []


def test_a_missing_worker_fires_and_is_over_when_one_comes(conn: db.Connection, ada: User, clock: Clock) -> None:
    conn.execute("DELETE FROM workers")
    make_rule(conn, ada, RuleKind.WORKER, window_minutes=2)
    assert clock.look() == [], "nobody looked before: nobody is known to be missing"
    assert clock.look() == []
    [alert] = clock.look()
    assert (alert.subject, alert.value) == ("worker:interactive", 2)
    conn.execute(
        "INSERT INTO workers (id, host, pid, kind, beat_at) VALUES (gen_random_uuid(), 'h', 1, 'interactive', %s)",
        (clock.now + timedelta(days=1),),
    )
    clock.look()
    assert clock.look() == []
    assert not workers.is_any_alive(conn, kind="batch")
    conn.execute("INSERT INTO batches (kind, title, status, concurrency, priority) VALUES ('p', 'B', 'running', 1, 1)")
    [alert] = clock.look()
    assert alert.subject == "worker:batch"


def test_what_comes_back_within_the_cool_down_is_the_same_alert_and_told_only_if_it_lasts(
    conn: db.Connection, ada: User, clock: Clock
) -> None:
    make_rule(conn, ada, RuleKind.ERROR_SHARE, window_minutes=1, minimum=1, cooldown_minutes=10)
    model_id = factories.make_model(conn)
    call(clock, model_id, bad=1)
    [first] = clock.look(minutes=0) or clock.look()
    clock.look(minutes=2)
    assert clock.look() == []
    clock.now += timedelta(minutes=1)
    call(clock, model_id, bad=1)
    [again] = clock.look(minutes=0)
    assert (again.id, again.openings) == (first.id, 2)
    assert clock.told() == ["alert.opened", "alert.resolved"], "the receiver is not bothered at once"
    clock.now += timedelta(minutes=10)
    call(clock, model_id, bad=1)
    assert [alert.id for alert in clock.look(minutes=0)] == [first.id]
    assert clock.told() == ["alert.opened", "alert.resolved", "alert.opened"]


def test_after_the_cool_down_it_is_a_new_alert(conn: db.Connection, ada: User, clock: Clock) -> None:
    make_rule(conn, ada, RuleKind.ERROR_SHARE, window_minutes=1, minimum=1, cooldown_minutes=5)
    model_id = factories.make_model(conn)
    call(clock, model_id, bad=1)
    [first] = clock.look(minutes=0) or clock.look()
    clock.look(minutes=2)
    clock.look()
    clock.now += timedelta(minutes=6)
    call(clock, model_id, bad=1)
    [second] = clock.look(minutes=0)
    assert second.id != first.id and clock.told()[-1] == "alert.opened"


def test_a_minute_is_looked_at_once(conn: db.Connection, ada: User, clock: Clock) -> None:
    clock.look()
    assert not lookout.look(conn, now=clock.now)
    assert lookout.look(conn, now=clock.now + timedelta(minutes=1))


def test_a_rule_that_cannot_be_looked_by_is_an_error_and_keeps_no_other_from_it(
    conn: db.Connection, ada: User, clock: Clock
) -> None:
    make_rule(conn, ada, RuleKind.ERROR_SHARE, minimum=1)
    make_rule(conn, ada, RuleKind.CIRCUIT, window_minutes=0)
    model_id = factories.make_model(conn)
    conn.execute(
        "INSERT INTO circuits (name, state, category, since) VALUES (%s, 'open', 'of a later version', %s)",
        (f"model:{model_id}", clock.now),
    )
    call(clock, model_id, bad=1)
    assert [alert.kind for alert in clock.look(minutes=0) or clock.look()] == [RuleKind.ERROR_SHARE]
    assert [group.kind for group in errors.list_(conn, actor=ada)] == ["ValueError"]


def test_a_rule_that_is_switched_off_or_deleted_leaves_nothing_open(
    conn: db.Connection, ada: User, clock: Clock
) -> None:
    one = make_rule(conn, ada, RuleKind.ERROR_SHARE, minimum=1)
    other = make_rule(conn, ada, RuleKind.ERROR_SHARE, minimum=1, threshold=Decimal("0.1"))
    call(clock, factories.make_model(conn), bad=1)
    assert len(clock.look(minutes=0) or clock.look()) == 2
    alert_rules.update(conn, actor=ada, rule_id=one, is_enabled=False)
    assert [alert.rule_id for alert in clock.look()] == [other]
    alert_rules.delete(conn, actor=ada, rule_id=other)
    assert clock.look() == []
    assert {alert.rule_id for alert in alerts.list_(conn, actor=ada)} == {one, None}


def test_reading_is_ones_own_and_dismissing_is_for_all(conn: db.Connection, ada: User, clock: Clock) -> None:
    eve = factories.make_user(conn, name="Eve", role="admin")
    make_rule(conn, ada, RuleKind.ERROR_SHARE, minimum=1)
    call(clock, factories.make_model(conn), bad=1)
    [alert] = clock.look(minutes=0) or clock.look()
    assert alerts.update(conn, actor=ada, alert_id=alert.id, is_read=True).is_read
    assert (alerts.count_unread(conn, actor=ada), alerts.count_unread(conn, actor=eve)) == (0, 1)
    dismissed = alerts.update(conn, actor=ada, alert_id=alert.id, is_dismissed=True)
    assert dismissed.dismissed_by_name == "Ada" and alerts.count_unread(conn, actor=eve) == 0
    assert alerts.list_(conn, actor=eve) == [] and len(alerts.list_(conn, actor=eve, view=AlertView.ALL)) == 1
    assert [open_.id for open_ in clock.look()] == [alert.id], "dismissed is not over"
    back = alerts.update(conn, actor=eve, alert_id=alert.id, is_dismissed=False)
    assert back.dismissed_at is None
    with pytest.raises(NotFound):
        alerts.update(conn, actor=ada, alert_id=2**60, is_read=True)


def test_all_are_read_and_those_that_are_over_dismissed_at_once(conn: db.Connection, ada: User, clock: Clock) -> None:
    make_rule(conn, ada, RuleKind.ERROR_SHARE, window_minutes=1, minimum=1)
    over, lasting = factories.make_model(conn), factories.make_model(conn)
    call(clock, over, bad=1)
    clock.look(minutes=0) or clock.look()
    for _ in range(3):
        clock.now += timedelta(minutes=1)
        call(clock, lasting, bad=1)
        clock.look(minutes=0)
    assert alerts.read_all(conn, actor=ada) == 2 and alerts.count_unread(conn, actor=ada) == 0
    assert alerts.dismiss_resolved(conn, actor=ada) == 1
    assert [alert.subject for alert in alerts.list_(conn, actor=ada)] == [f"model:{lasting}"]
