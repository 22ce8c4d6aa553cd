"""One module per provider kind, each with `ask`, `stream` and `list_models` (types.Adapter). What the groq, cerebras
and openai SDKs have in common is in chat.py (the format) and stainless.py (their errors).
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from blogforge_llm.engine.types import Adapter

_MODULES = {"groq": "groq", "cerebras": "cerebras", "openai_compatible": "openai_compatible", "llm": "llm_library"}
KINDS = tuple(_MODULES)


def load(kind: str) -> Adapter:
    """The adapter of a kind. Raises KeyError for a kind there is none for."""
    return cast(Adapter, import_module(f"{__name__}.{_MODULES[kind]}"))
