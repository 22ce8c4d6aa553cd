"""What a batch is for: each kind may do something with an answer, in the transaction that stores it.

An area that has batches of its own registers a kind when its services are imported, and plans batches of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.batches import Batch, Finished
from blogforge_llm.records.tasks import Task

Use = Callable[[db.Connection, Finished, Task], None]
Begin = Callable[[db.Connection, User, Batch], None]
Settle = Callable[[db.Connection, int], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """`use` is called whenever an item ends: with the task as it ended, whether it succeeded or not. It must not ask
    anybody. A DomainError it raises fails the item with its words, and undoes what it did; the task stays as it is.
    `begin` is called when a draft is started, to release what need not wait; `settle` for a batch whose items ended,
    when each of their answers was used, to release what waited for them."""

    name: str
    label: str
    use: Use | None = None
    begin: Begin | None = None
    settle: Settle | None = None


PROMPTS = "prompts"

_known: dict[str, Kind] = {PROMPTS: Kind(PROMPTS, "Prompts")}


def register(kind: Kind) -> None:
    _known[kind.name] = kind


def get(name: str) -> Kind:
    """Of a kind that this version no longer knows the answers are kept, and nothing more."""
    return _known.get(name) or Kind(name, name)
