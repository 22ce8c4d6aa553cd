"""The accounts area: set-up, login, one's own account and tokens; for admins, users and settings."""

from __future__ import annotations

from blogforge_llm.web.accounts import account, home, sessions, settings, setup, tokens, users

BLUEPRINTS = [home.bp, setup.bp, sessions.bp, account.bp, tokens.bp, users.bp, settings.bp]
