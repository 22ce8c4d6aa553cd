"""The registry area: providers, keys, models, routes, presets, circuits."""

from __future__ import annotations

from blogforge_llm.api.registry import circuits, keys, models, presets, providers, routes

BLUEPRINTS = [providers.bp, keys.bp, models.bp, routes.bp, presets.bp, circuits.bp]
