"""Icons of the one sprite."""

from __future__ import annotations

import functools

from markupsafe import Markup, escape

from blogforge_llm.web import assets


def icon(name: str, label: str | None = None, extra: str = "") -> Markup:
    """One icon; give a label only when no text says the same."""
    return _drawn(assets.asset("icons.svg"), name, label, extra)


@functools.lru_cache(maxsize=1000, typed=True)
def _drawn(sprite: str, name: str, label: str | None, extra: str) -> Markup:
    classes = escape(f"icon {extra}".strip())
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(
        f'<svg class="{classes}" {told} focusable="false"><use href="{escape(sprite)}#{escape(name)}"></use></svg>'
    )
