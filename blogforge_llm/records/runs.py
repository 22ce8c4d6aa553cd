"""Runs: many fields of one post asked for as one batch, in the order of what they need."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from blogforge_llm.records.batches import Batch, BatchStatus, ItemStatus


class Accepts(StrEnum):
    """What becomes of an answer without anybody's word."""

    NOTHING = "nothing"  # everything waits as a suggestion
    EMPTY = "empty"  # what was asked for an empty field goes in, if the field is empty still


class StepStatus(StrEnum):
    WAITING = "waiting"  # for what it needs
    QUEUED = "queued"
    RUNNING = "running"
    PENDING = "pending"  # a suggestion waits for somebody
    ACCEPTED = "accepted"
    DISCARDED = "discarded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a run asks for, or leaves out. `key` names it within the post: the field's, with the code of its
    section before it."""

    key: str
    section_id: int | None
    code: str | None
    field_key: str
    name: str

    @property
    def label(self) -> str:
        return f"{self.code}: {self.name}" if self.code else self.name


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field that is not asked for. `stops`: a person must do something first."""

    target: Target
    why: str
    stops: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A field that is asked for; `layer` is 1 for what can be asked at once. `why` is said once it is failed or
    cancelled."""

    target: Target
    action: str
    layer: int
    accepts: bool
    status: StepStatus
    task_id: int | None
    suggestion_id: int | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """`scope` is drafts, post, stage:… or substage:…; its batch has the same id."""

    id: int
    post_id: int
    scope: str
    accepts: Accepts
    refreshes: bool
    left_out: list[LeftOut]
    batch: Batch
    steps: list[Step]

    @property
    def is_draft(self) -> bool:
        return self.batch.status is BatchStatus.DRAFT

    @property
    def stops(self) -> list[LeftOut]:
        return [each for each in self.left_out if each.stops]

    @property
    def skipped(self) -> list[LeftOut]:
        return [each for each in self.left_out if not each.stops]

    @property
    def to_decide(self) -> int:
        return sum(step.status is StepStatus.PENDING for step in self.steps)


_DECIDED = {
    "accepted": StepStatus.ACCEPTED, "edited": StepStatus.ACCEPTED, "discarded": StepStatus.DISCARDED,
    "withdrawn": StepStatus.CANCELLED,
}  # fmt: skip


def target(row: dict[str, Any]) -> Target:
    return Target(row["key"], row["section"], row["code"], row["field"], row["name"])


def left_out(row: dict[str, Any]) -> LeftOut:
    return LeftOut(target(row), row["why"], row["stops"])


def step(row: dict[str, Any]) -> Step:
    subject, status = row["subject"], ItemStatus(row["status"])
    if status is ItemStatus.SUCCEEDED:
        found = _DECIDED.get(row["decision"], StepStatus.PENDING)
    else:
        found = StepStatus(status.value)
    return Step(
        target(subject), subject["action_name"], subject["layer"], subject["accepts"], found, row["task_id"],
        row["suggestion_id"], row["error_message"],
    )  # fmt: skip
