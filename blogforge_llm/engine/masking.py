"""Keeps secrets, and characters PostgreSQL cannot store, out of what a provider says."""

from __future__ import annotations

import re

_LONGEST = 2000
_SHORTEST = 4  # of a key; replacing a shorter one would mark letters, not secrets
# Keys as providers shape them: sk-…, gsk_…, csk-…, xai-…, hf_…, Google's AIza…; and whatever follows "Bearer".
_SECRETS = re.compile(
    r"\b(?:sk|gsk|csk|xai|hf|pk|nvapi)[-_][A-Za-z0-9_\-*.]{6,}|\bAIza[\w-]{20,}|(?<=\bBearer )\S+", re.IGNORECASE
)
_MASK = "•••"


def mask(text: str, *secrets: str | None) -> str:
    """The text without these secrets and without anything that looks like a key; cut when very long."""
    for secret in secrets:
        if secret and len(secret) >= _SHORTEST:
            text = text.replace(secret, _MASK)
    text = _SECRETS.sub(_MASK, storable(text))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def storable(text: str) -> str:
    """NUL and lone surrogates replaced: JSON can carry them, a PostgreSQL text cannot."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode(errors="replace").decode()
    return text
