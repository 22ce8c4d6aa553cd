"""The accounts area."""

from __future__ import annotations

BLUEPRINTS: list = []
