"""What models answered in the original, as finished tasks. Nobody knows what those calls cost or who really answered,
so they have no attempts, no cost and no say in any statistic; and they belong to no field's suggestions.
"""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.records.tasks import Category, TaskStatus
from blogforge_llm.services.legacy import registry, rows, values
from blogforge_llm.services.legacy.rows import Run, Taking
from blogforge_llm.services.legacy.source import Row

sql = db.load("legacy/history")

_STATUS = {"success": TaskStatus.SUCCEEDED, "error": TaskStatus.FAILED}


def take(conn: db.Connection, run: Run, table: str, row: Row) -> None:
    rows.take(conn, run, table, row, _task)


def _task(taking: Taking) -> None:
    if taking.before is not None and taking.before.noun_id is not None:
        taking.became("task", taking.before.noun_id)
        taking.conflict(
            "it was changed in the source since it was imported; what was asked and answered never changes here"
        )
        return
    asked = taking.note("input_text", values.text_of(taking.get("input_text")))
    if not asked:
        taking.change("input_text is empty: what was asked is not known")
    outcome = _outcome(taking)
    task_id: int = sql.create_task(
        taking.conn, messages=Jsonb([{"role": "user", "content": asked}]), inputs=Jsonb({}),
        user_id=taking.run.actor.id, model_id=_model(taking), at=values.moment(taking.get("created_at")), **outcome,
    )  # fmt: skip
    taking.became("task", task_id)


def _outcome(taking: Taking) -> dict[str, Any]:
    output = taking.note("output_text", values.text_of(taking.get("output_text")))
    said = values.text_of(taking.get("status")).text.strip().lower()
    status = _STATUS.get(said) or (TaskStatus.SUCCEEDED if output and not said else TaskStatus.FAILED)
    if status is TaskStatus.SUCCEEDED and output:
        return {"status": status, "output": output, "error_category": None, "error_message": None}
    if said not in _STATUS:
        taking.change(f"its status was “{said[:40]}”: it never ended, and is a failed task here")
    elif status is TaskStatus.SUCCEEDED:
        taking.change("it is called a success without an answer, and is a failed task here")
    told = values.text_of(taking.get("error_message")).text[:2000]
    if told:
        taking.change("error_message: kept with the import's record, for providers' words are for admins")
    return {
        "status": TaskStatus.FAILED, "output": output or None, "error_category": Category.SERVER_ERROR,
        "error_message": "It failed in the system it was imported from.",
    }  # fmt: skip


def _model(taking: Taking) -> int | None:
    """The model its action names, where that is here: it was asked for; who answered is not recorded."""
    action = rows.original(taking.conn, taking.run, "llm_action", taking.get("action_id"))
    if taking.table == "llm_action_history" and not action:
        taking.change(f"its action {taking.get('action_id')} is not in the source")
    name = values.text_of(action.get("llm_model")).text.strip()
    model = registry.find_model(taking.conn, name) if name else None
    return model.id if model else None
