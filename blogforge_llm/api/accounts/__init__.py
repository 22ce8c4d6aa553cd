"""The accounts area of the API."""

from __future__ import annotations

from blogforge_llm.api.accounts import settings, tokens, users

BLUEPRINTS = [users.bp, tokens.bp, settings.bp]
