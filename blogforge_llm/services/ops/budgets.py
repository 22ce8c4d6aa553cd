"""Budgets: how much may be spent, by whom and in which period; how much was. The engine enforces them before every call
(engine/budgets.py).

A batch has its budget where the batch is: its service calls `set_for_batch`, and makes its tasks with
billed_to="batch:12" (tasks.add); all the rest, resuming and other processes included, follows from these two rows.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine.budgets import usd
from blogforge_llm.errors import Conflict, Invalid, Missing, NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.ops import Budget, BudgetPeriod, BudgetScope
from blogforge_llm.services import uniqueness
from blogforge_llm.services.accounts import permissions, users
from blogforge_llm.services.ops import audit

sql = db.load("ops/budgets")

SCOPES = (BudgetScope.INSTANCE, BudgetScope.EACH_USER, BudgetScope.USER)  # those that are made here
PERIODS = {BudgetPeriod.MONTH: "per month", BudgetPeriod.DAY: "per day", BudgetPeriod.EVER: "for all time"}
WARN_SHARE = Decimal("0.8")
_LARGEST = Decimal(10_000_000)


def list_all(conn: db.Connection, *, actor: User) -> list[Budget]:
    """The installation's first, then everybody's, those of users by name, those of batches."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    return [_budget(row) for row in sql.list_budgets(conn, budget_id=None)]


def get(conn: db.Connection, *, actor: User, budget_id: int) -> Budget:
    permissions.require(actor, Permission.KEEP_REGISTRY)
    found = [_budget(row) for row in sql.list_budgets(conn, budget_id=budget_id)]
    if not found:
        raise NotFound("There is no such budget. It may have been deleted.")
    return found[0]


def list_spent(conn: db.Connection) -> list[Budget]:
    """All of them, for the look-out for alerts, which nobody asked for."""
    return [_budget(row) for row in sql.list_budgets(conn, budget_id=None)]


def list_warnings(conn: db.Connection, *, actor: User) -> list[str]:
    """What the actor should know of the budgets their calls must fit into, once they are nearly used up."""
    permissions.require(actor, Permission.READ)
    words = []
    for row in sql.list_of_user(conn, user_id=actor.id):
        if row["spent"] < row["amount"] * row["warn_share"]:
            continue
        whose = "The budget of this installation" if row["scope"] == BudgetScope.INSTANCE else "Your budget"
        state = "is used up" if row["spent"] >= row["amount"] else "is nearly used up"
        words.append(
            f"{whose} {PERIODS[BudgetPeriod(row['period'])]} {state}: {usd(row['spent'])} of {usd(row['amount'])}."
        )
    return words


def create(
    conn: db.Connection,
    *,
    actor: User,
    scope: str,
    period: str,
    amount: Decimal | None,
    user_id: int | None = None,
    warn_share: Decimal | None = WARN_SHARE,
    refuses_unpriced: bool = False,
) -> Budget:
    """What was spent in its period before counts. Raises Invalid, Conflict when there is one of the kind already."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    wrong = _wrong(amount, warn_share)
    if scope not in SCOPES:
        wrong["scope"] = f"Choose one of {', '.join(SCOPES)}."
    if period not in set(BudgetPeriod):
        wrong["period"] = f"Choose one of {', '.join(BudgetPeriod)}."
    if scope == BudgetScope.USER and user_id is None:
        wrong["user_id"] = "Choose whose budget it is."
    if wrong:
        raise Invalid("The budget cannot be saved yet.", wrong)
    if scope == BudgetScope.USER and user_id is not None and users.find(conn, user_id=user_id) is None:
        raise Missing.field("user_id", "There is no such user. Choose whose budget it is.")
    message = "There is a budget of this kind and period already. Change that one instead."
    with uniqueness.guard(conn, constraint="budgets_key", message=message):
        budget_id = sql.create_budget(
            conn, scope=scope, user_id=user_id if scope == BudgetScope.USER else None, period=period, amount=amount,
            warn_share=warn_share, refuses_unpriced=refuses_unpriced, created_by=actor.id,
        )  # fmt: skip
    return _noted(conn, actor, "create", get(conn, actor=actor, budget_id=budget_id))


def update(
    conn: db.Connection,
    *,
    actor: User,
    budget_id: int,
    amount: Decimal | None = None,
    warn_share: Decimal | None = None,
    refuses_unpriced: bool | None = None,
) -> Budget:
    """Change what is given: it holds from the next call on. Raises Invalid, and Conflict for that of a batch."""
    budget = _own(conn, actor, budget_id)
    values = {
        "amount": budget.amount if amount is None else amount,
        "warn_share": budget.warn_share if warn_share is None else warn_share,
    }
    if wrong := _wrong(**values):
        raise Invalid("The budget cannot be saved yet.", wrong)
    unpriced = budget.refuses_unpriced if refuses_unpriced is None else refuses_unpriced
    sql.update_budget(conn, budget_id=budget_id, refuses_unpriced=unpriced, **values)
    return _noted(conn, actor, "change", get(conn, actor=actor, budget_id=budget_id))


def delete(conn: db.Connection, *, actor: User, budget_id: int) -> Budget:
    """Nothing stands in the way of these calls any more. Raises Conflict for that of a batch."""
    budget = _own(conn, actor, budget_id)
    sql.delete_budget(conn, budget_id=budget_id)
    return _noted(conn, actor, "delete", budget)


def set_for_batch(conn: db.Connection, *, actor: User, batch_id: int, amount: Decimal | None) -> None:
    """For the service of batches, which has checked the actor's right: what the batch may spend in all; None for no
    budget. It holds from the next call on. Raises Invalid at the field `budget`."""
    if amount is None:
        sql.delete_of_batch(conn, batch_id=batch_id)
        return
    if wrong := _wrong(amount, WARN_SHARE):
        raise Invalid.field("budget", wrong["amount"])
    sql.set_of_batch(conn, batch_id=batch_id, amount=amount, created_by=actor.id)


def _own(conn: db.Connection, actor: User, budget_id: int) -> Budget:
    budget = get(conn, actor=actor, budget_id=budget_id)
    if budget.scope is BudgetScope.BATCH:
        raise Conflict("This budget belongs to a batch. Change it there.")
    return budget


def _wrong(amount: Decimal | None, warn_share: Decimal | None) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if amount is None or not (amount.is_finite() and 0 <= amount <= _LARGEST):
        wrong["amount"] = f"An amount is in USD, from 0 (nothing but free models) to {_LARGEST:,}."
    if warn_share is None or not (warn_share.is_finite() and Decimal("0.001") <= warn_share <= 1):
        wrong["warn_share"] = "A share is from 0.001 to 1: 0.8 is 80 %."
    return wrong


def _noted(conn: db.Connection, actor: User, action: str, budget: Budget) -> Budget:
    unpriced = ", no models without a price" if budget.refuses_unpriced else ""
    detail = f"{budget.label}, {PERIODS[budget.period]}: ${budget.amount:f}, warns at {budget.warn_share:.0%}{unpriced}"
    audit.record(conn, actor=actor, action=action, noun="budget", noun_id=str(budget.id), detail=detail)
    return budget


def _budget(row: dict[str, Any]) -> Budget:
    return Budget(**row | {"scope": BudgetScope(row["scope"]), "period": BudgetPeriod(row["period"])})
