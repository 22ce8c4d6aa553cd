"""The tasks area."""

from __future__ import annotations

BLUEPRINTS: list = []
