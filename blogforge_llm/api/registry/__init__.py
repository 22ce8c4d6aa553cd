"""The registry area: providers, keys, models, prices, routes, presets, circuits."""

from __future__ import annotations

from blogforge_llm.api.registry import circuits, keys, models, presets, prices, providers, routes

BLUEPRINTS = [providers.bp, keys.bp, models.bp, prices.bp, routes.bp, presets.bp, circuits.bp]
