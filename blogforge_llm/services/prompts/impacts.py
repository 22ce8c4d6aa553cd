"""What putting a version of a part to use would change: every template that speaks it, before and after, resolved, with
its size and price, and the actions that ask with it. What it would break is dependents.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.engine.types import Message
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.prompts import Part, PartVersion, Piece, Usage
from blogforge_llm.records.registry import Model
from blogforge_llm.services import diffs
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import dependents, part_texts, parts, resolver, sizes
from blogforge_llm.services.prompts.part_texts import PartText

sql = db.load("prompts/dependents")


@dataclass(frozen=True, slots=True)
class Price:
    """What the prompt alone costs at the first model a route asks; None where a price is not known."""

    model_name: str
    provider_name: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class Change:
    """One template. Variables stand for themselves in both texts."""

    template: Usage
    needs_approval: bool
    actions: list[Usage]
    changes: list[diffs.Change]
    tokens_before: int
    tokens_after: int
    prices: list[Price]


@dataclass(frozen=True, slots=True)
class Impact:
    """`problems` refuse publication; `guarding` are the templates that want a second person for it; `changed` is one
    page of the `count` templates."""

    part: Part
    version: PartVersion
    problems: list[str]
    guarding: list[str]
    count: int
    changed: list[Change]


def of_part(
    conn: db.Connection, *, actor: User, part_id: int, number: int, limit: int = 20, offset: int = 0
) -> Impact:  # fmt: skip
    """Against the version in use. A fixed number of reads, whatever the number of templates."""
    permissions.require(actor, Permission.READ)
    part = parts.get(conn, part_id=part_id)
    version = parts.get_version(conn, part_id=part_id, number=number)
    words = part_texts.of(version)
    rows = list(sql.list_templates_of_part(conn, part_id=part_id, limit=limit, offset=offset))
    pieces = resolver.list_pieces_of(conn, [row["published_version_id"] for row in rows])
    asking = _Asking(conn, [row["id"] for row in rows])
    return Impact(
        part, version, dependents.problems_of_part(conn, part=part, words=words),
        parts.list_guarding(conn, part_id=part_id), sql.count_templates_of_part(conn, part_id=part_id),
        [
            _change(Usage(row["id"], row["name"]), row["needs_approval"], pieces[row["published_version_id"]], words,
                    part_id, asking)
            for row in rows
        ],
    )  # fmt: skip


def count(conn: db.Connection, *, part_id: int) -> int:
    """How many templates a change of the part's words would change."""
    number: int = sql.count_templates_of_part(conn, part_id=part_id)
    return number


def resolved(pieces: Sequence[Piece]) -> tuple[Message, ...]:
    """The messages with every variable standing for itself; none where there is nothing to ask."""
    names = [variable.name for variable in resolver.variables_of(pieces)]
    try:
        return resolver.assemble(pieces, {name: f"{{{{ {name} }}}}" for name in names}).messages
    except Invalid:
        return ()


def text_of(messages: Sequence[Message]) -> str:
    return "\n\n".join(f"[{message.role}]\n{message.text}" for message in messages)


class _Asking:
    """Who asks with the templates of a page, and the first models of their routes, each read once."""

    def __init__(self, conn: db.Connection, template_ids: list[int]) -> None:
        self.conn = conn
        self.actions: dict[int, list[Usage]] = {}
        self.routes: dict[int, dict[int | None, None]] = {}
        self.known: dict[int | None, Model | None] = {}
        for row in sql.list_actions_of(conn, template_ids=template_ids):
            self.actions.setdefault(row["template_id"], []).append(Usage(row["id"], row["name"]))
            self.routes.setdefault(row["template_id"], {})[row["route_id"]] = None

    def models(self, template_id: int) -> list[Model]:
        """The first model of each route that asks with the template; of the default route when no action does."""
        found = [self._first(route_id) for route_id in self.routes.get(template_id, {None: None})]
        return list({model.id: model for model in found if model}.values())

    def _first(self, route_id: int | None) -> Model | None:
        if route_id not in self.known:
            offered = [model for model in sizes.asked(self.conn, route_id) if model.is_enabled]
            self.known[route_id] = offered[0] if offered else None
        return self.known[route_id]


def _change(
    template: Usage, needs_approval: bool, pieces: list[Piece], words: PartText, part_id: int, asking: _Asking
) -> Change:
    before, after = resolved(pieces), resolved([_spoken(piece, words, part_id) for piece in pieces])
    tokens_before, tokens_after = pricing.estimate_prompt(before), pricing.estimate_prompt(after)
    prices = []
    for model in asking.models(template.id):
        was, will = (sizes.at(model, tokens=tokens).cost_from for tokens in (tokens_before, tokens_after))
        prices.append(Price(model.name, model.provider_name, was, will))
    changes = diffs.words(text_of(before), text_of(after))
    return Change(
        template, needs_approval, asking.actions.get(template.id, []), changes, tokens_before, tokens_after, prices
    )


def _spoken(piece: Piece, words: PartText, part_id: int) -> Piece:
    """The piece with the part's new words; a block that overrides the role keeps its own."""
    if piece.part_id != part_id:
        return piece
    role = piece.role if piece.has_role else words.role
    return replace(
        piece, role=role, content=words.content, variable=words.variable, label=words.label, fence=words.fence
    )
