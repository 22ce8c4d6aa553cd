"""What a provider's own list of models means for us: which are there already, which can write, which to suggest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.engine.types import DiscoveredModel
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Model, Provider
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.registry import known_services, models, routes

# Lists name models that make or read sounds, pictures and vectors beside those that write text.
_NOT_TEXT = re.compile(
    r"embed|whisper|\btts\b|speech|transcri|dall-?e|image|imagen|\bveo\b|sora|moderation|rerank|guard|realtime|audio"
    r"|bge-|\bclip\b|stable-diffusion|flux|orpheus|playai|davinci-002|babbage-002|\bocr\b",
    re.IGNORECASE,
)
_FEW = 8  # so many are ticked unseen when nothing better is known


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of a provider's list. `is_suggested` is only about what to tick at first."""

    name: str
    context_window: int | None
    max_output_tokens: int | None
    is_ai: bool
    is_added: bool
    writes_text: bool
    is_suggested: bool


def sort(discovered: Sequence[DiscoveredModel], *, provider: Provider, present: Sequence[Model]) -> list[Found]:
    """The suggested ones first, then those that write text, then the others; by name within each."""
    there = {model.name for model in present}
    order = {
        known.name: (place, known.context_window)
        for place, known in enumerate(known_services.list_models(provider.kind, provider.base_url))
    }
    writers = [model for model in discovered if not _NOT_TEXT.search(model.name)]
    known_names = {model.name for model in writers if model.name in order and model.is_ai}
    suggested = known_names or {model.name for model in writers if len(writers) <= _FEW and model.is_ai}
    found = [
        Found(
            name=model.name,
            context_window=model.context_window or order.get(model.name, (0, None))[1],
            max_output_tokens=model.max_output_tokens,
            is_ai=model.is_ai,
            is_added=model.name in there,
            writes_text=not _NOT_TEXT.search(model.name),
            is_suggested=model.name in suggested and model.name not in there,
        )
        for model in discovered
    ]
    return sorted(found, key=lambda model: (not model.writes_text, order.get(model.name, (99, None))[0], model.name))


def add(
    conn: db.Connection,
    *,
    actor: User,
    provider: Provider,
    chosen: Sequence[DiscoveredModel],
    in_default_route: bool = False,
) -> list[Model]:
    """Make models of what was ticked, in that order; those that are there already are passed over."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    if not chosen:
        raise Invalid.field("model", "No model is ticked. Tick those you want to use, then add them.")
    there = {model.name for model in models.list_of_provider(conn, provider_id=provider.id)}
    added = [
        models.create(
            conn, actor=actor, provider_id=provider.id, name=model.name, context_window=model.context_window,
            max_output_tokens=model.max_output_tokens, is_ai=model.is_ai,
        )
        for model in chosen
        if model.name not in there
    ]  # fmt: skip
    if added and in_default_route:
        routes.add_to_default(conn, actor=actor, models=added)
    return added
