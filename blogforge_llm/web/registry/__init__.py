"""The registry area: providers with their keys and models, routes, presets, and the health of all."""

from __future__ import annotations

from blogforge_llm.web.registry import circuits, discoveries, keys, models, presets, prices, providers, routes, tests

BLUEPRINTS = [providers.bp, tests.bp, discoveries.bp, keys.bp, models.bp, prices.bp, routes.bp, presets.bp, circuits.bp]
