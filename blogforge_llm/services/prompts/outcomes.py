"""Outcomes per template version and model: how often what a prompt made was used, changed or refused, at what cost.

Counted is every text of an AI that an action offered to a field with the prompt as the template says it. Left out are
models that are no AI, prompts edited for one run, and outputs saved from the task runner, which somebody chose before.
Of several suggestions only the one accepted is decided about; the others count as passed over and leave the shares
alone. An acceptance that is undone counts as open again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from blogforge_llm import db
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.outcomes import Outcome
from blogforge_llm.services import intervals
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import templates

sql = db.load("prompts/outcomes")


class By(StrEnum):
    """What a row is about."""

    VERSION = "version"
    MODEL = "model"
    BOTH = "both"


_KEYS: dict[By, tuple[str, ...]] = {
    By.VERSION: ("version",),
    By.MODEL: ("model_id", "model", "provider", "is_fallback"),
    By.BOTH: ("version", "model_id", "model", "provider", "is_fallback"),
}
_ABOUT = ("template_id", "template_name", *_KEYS[By.BOTH])


def offer(conn: db.Connection, *, task_id: int) -> None:
    """Count the text of a task that has just succeeded, if it is a suggestion that counts."""
    suggestion_id = sql.create_outcome(conn, task_id=task_id)
    if suggestion_id is not None:
        sql.add_to_totals(conn, suggestion_ids=[suggestion_id], sign=1)


@contextlib.contextmanager
def recounted(conn: db.Connection, suggestion_ids: Sequence[int]) -> Iterator[None]:
    """Around a change of these suggestions, whose rows the caller holds: the sums say afterwards what they are now."""
    sql.add_to_totals(conn, suggestion_ids=list(suggestion_ids), sign=-1)
    yield
    sql.add_to_totals(conn, suggestion_ids=list(suggestion_ids), sign=1)


def list_for(
    conn: db.Connection, *, actor: User, template_id: int, by: By = By.BOTH, with_fallbacks: bool = False
) -> list[Outcome]:
    """Of one template, the newest version first, then by model. Answers of a model that only stood in for another are
    left out unless asked for; by model they then have rows of their own. Raises NotFound."""
    permissions.require(actor, Permission.READ)
    templates.get(conn, template_id=template_id)
    return _grouped(sql.list_totals(conn, template_id=template_id), _KEYS[by], with_fallbacks)


def list_all(conn: db.Connection, *, actor: User, with_fallbacks: bool = False) -> list[Outcome]:
    """One row for each template that has any, by name."""
    permissions.require(actor, Permission.READ)
    return _grouped(sql.list_totals(conn, template_id=None), (), with_fallbacks)


def _grouped(rows: Any, names: tuple[str, ...], with_fallbacks: bool) -> list[Outcome]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if with_fallbacks or not row["is_fallback"]:
            groups.setdefault(tuple(row[name] for name in ("template_id", *names)), []).append(row)
    return [_outcome(group, names) for group in groups.values()]


def _outcome(group: list[dict[str, Any]], names: tuple[str, ...]) -> Outcome:
    def total(name: str) -> Any:
        return sum(row[name] for row in group)

    def mean(count: str, name: str) -> Any:
        return intervals.mean(total(count), max(0.0, total(f"{name}_sum")), total(f"{name}_squares"))

    kept = {"template_id", "template_name", *names}
    about: dict[str, Any] = {name: group[0][name] if name in kept else None for name in _ABOUT}
    counts = {name: int(total(name)) for name in ("offered", "accepted", "edited", "discarded", "passed_over")}
    decided = counts["accepted"] + counts["edited"] + counts["discarded"]
    return Outcome(
        **about, offered=counts["offered"], open=counts["offered"] - decided - counts["passed_over"],
        passed_over=counts["passed_over"],
        used=intervals.share(counts["accepted"] + counts["edited"], decided),
        accepted=intervals.share(counts["accepted"], decided), edited=intervals.share(counts["edited"], decided),
        discarded=intervals.share(counts["discarded"], decided),
        asked_again=intervals.share(int(total("asked_again")), counts["offered"]),
        edit_distance=mean("distances", "distance"), cost=mean("costs", "cost"), seconds=mean("offered", "seconds"),
    )  # fmt: skip
