"""What Automate does for a field. The rules are in services/editorial/actions.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Action:
    """`parameters` are its own, over `preset_parameters`; without a route the default one is asked. `contract` has any
    of shape, max_length, min_items, max_items; what it leaves out follows from the field."""

    id: int
    field_id: int
    field_key: str
    field_name: str
    field_kind: str
    field_max_length: int
    field_max_words: int | None
    substage_name: str
    name: str
    template_id: int
    template_name: str
    template_version_id: int
    route_id: int | None
    route_name: str | None
    preset_id: int | None
    preset_name: str | None
    preset_parameters: dict[str, Any]
    parameters: dict[str, Any]
    contract: dict[str, Any]
    is_default: bool
    needs_choice: bool
    """Nobody but a person may accept what it writes: a run stops there."""
    position: int
    library_hash: bytes | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
