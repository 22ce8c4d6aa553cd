"""A discovered model as the value of its tick box, so that adding it need not ask the provider again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from blogforge_llm.engine.types import DiscoveredModel
from blogforge_llm.errors import Invalid
from blogforge_llm.services.registry.discovery import Found


def write(found: Found) -> str:
    return json.dumps([found.name, found.context_window, found.max_output_tokens, found.is_ai])


def read(values: Sequence[str]) -> list[DiscoveredModel]:
    """Raises Invalid for a value that `write` did not make; ranges are the service's business."""
    return [_read(value) for value in values]


def _read(value: str) -> DiscoveredModel:
    try:
        name, context_window, max_output_tokens, is_ai = json.loads(value)
    except (ValueError, TypeError, RecursionError):
        raise Invalid.field("model", "A ticked model could not be read. Discover the models again.") from None
    is_right = isinstance(name, str) and isinstance(is_ai, bool) and _is_count(context_window, max_output_tokens)
    if not is_right:
        raise Invalid.field("model", "A ticked model could not be read. Discover the models again.")
    return DiscoveredModel(name, context_window, max_output_tokens, is_ai)


def _is_count(*values: Any) -> bool:
    return all(value is None or (isinstance(value, int) and not isinstance(value, bool)) for value in values)
