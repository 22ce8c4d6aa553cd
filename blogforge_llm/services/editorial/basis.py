"""What the plans of several fields rest on, each thing read once: actions of the fields, pieces of their prompts, whom
to ask. The material that fills the prompts is materials.py; what is made of it all, plans.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blogforge_llm import db
from blogforge_llm.engine.types import Candidate
from blogforge_llm.records.accounts import User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.prompts import Piece
from blogforge_llm.services.editorial import actions
from blogforge_llm.services.prompts import resolver
from blogforge_llm.services.registry import candidates

Asked = tuple[list[Candidate], list[str | None]]  # and why each of them rests right now


@dataclass(frozen=True, slots=True)
class Basis:
    """For one transaction: it does not notice what changes after it was read."""

    actor: User
    actions: Mapping[int, list[Action]]  # by field, the default first
    _pieces: dict[int, list[Piece]]
    _asked: dict[tuple[int | None, int | None], Asked] = field(default_factory=dict)

    def default(self, field_id: int) -> Action | None:
        return next((action for action in self.actions.get(field_id, []) if action.is_default), None)

    def pieces(self, conn: db.Connection, version_id: int) -> list[Piece]:
        if version_id not in self._pieces:
            self._pieces[version_id] = resolver.list_pieces(conn, version_id)
        return self._pieces[version_id]

    def asked(self, conn: db.Connection, *, route_id: int | None, model_id: int | None) -> Asked:
        """Raises Invalid when there is nobody to ask."""
        if (route_id, model_id) not in self._asked:
            found = candidates.list_for(conn, route_id=route_id, model_id=model_id, user_id=self.actor.id)
            self._asked[route_id, model_id] = found, candidates.list_resting(conn, candidates=found)
        return self._asked[route_id, model_id]


def for_field(conn: db.Connection, *, actor: User, field_id: int) -> Basis:
    return Basis(actor, {field_id: actions.list_for_field(conn, field_id)}, {})


def for_fields(conn: db.Connection, *, actor: User, field_ids: list[int]) -> Basis:
    """With the prompts of their defaults, which a page of them shows."""
    found: dict[int, list[Action]] = {field_id: [] for field_id in field_ids}
    for action in actions.list_(conn):
        if action.field_id in found:
            found[action.field_id].append(action)
    versions = [action.template_version_id for own in found.values() for action in own if action.is_default]
    return Basis(actor, found, resolver.list_pieces_of(conn, versions))
