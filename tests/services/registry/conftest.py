"""Secrets can be kept in these tests without an application."""

from __future__ import annotations

import pytest

from blogforge_llm.services.registry import encryption


@pytest.fixture(autouse=True)
def configured_encryption() -> None:
    encryption.configure("a secret of the tests only")
