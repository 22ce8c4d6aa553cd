"""The smallest pieces of a page and its addresses: a table draws hundreds of them, and one of Jinja's macros takes ten
times as long.

Templates know the pieces by their components: `tables.cell`, `icons.icon`, `status.ago`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, request, url_for
from markupsafe import Markup, escape

from blogforge_llm.web import assets


def cell(
    label: str, value: Any = None, numeric: bool = False, head: bool = False, actions: bool = False,
    select: bool = False, caller: Callable[[], Markup] | None = None,
) -> Markup:  # fmt: skip
    """One cell; its label is shown before it on phones. head: the row's name, actions: its buttons, select: its
    checkbox. An empty value is a dash."""
    kind = "is-numeric" if numeric else "is-actions" if actions else "is-select" if select else ""
    inner = caller() if caller else "–" if value is None else value
    start, end = _tags(label, head, kind)
    return Markup(f"{start}{escape(inner)}{end}")


def icon(name: str, label: str | None = None, extra: str = "") -> Markup:
    """One icon of the sprite; give a label only when no text says the same."""
    return _drawn(assets.asset("icons.svg"), name, label, extra)


def ago(moment: datetime | None) -> Markup:
    """A time as people say it, exact on hover; moment is an aware datetime."""
    if not moment:
        return Markup("never")
    day = f"{moment.day} {moment:%b %Y, %H:%M}"
    exact = f"{moment.day} {moment:%B %Y, %H:%M %Z}".strip()
    return Markup(f'<time datetime="{moment.isoformat()}" title="{escape(exact)}" data-relative>{day}</time>')


@functools.lru_cache(maxsize=1000, typed=True)
def _tags(label: str, head: bool, kind: str) -> tuple[str, str]:
    classes = f' class="{kind}"' if kind else ""
    start, end = ("th scope=row", "th") if head else ("td", "td")
    return f'<{start} data-label="{escape(label)}"{classes}>', f"</{end}>"


@functools.lru_cache(maxsize=1000, typed=True)
def _drawn(sprite: str, name: str, label: str | None, extra: str) -> Markup:
    classes = escape(f"icon {extra}".strip())
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(
        f'<svg class="{classes}" {told} focusable="false"><use href="{escape(sprite)}#{escape(name)}"></use></svg>'
    )


def address(endpoint: str, **values: Any) -> str:
    """url_for, made once for the same values: a list links the same rows from page to page."""
    if endpoint.startswith(".") or any(name.startswith("_") for name in values):
        return url_for(endpoint, **values)
    try:
        return _made(request.script_root, endpoint, tuple((name, type(value), value) for name, value in values.items()))
    except TypeError:  # a list of values, say
        return url_for(endpoint, **values)


@functools.lru_cache(maxsize=20_000)
def _made(_root: str, endpoint: str, values: tuple[tuple[str, type, Any], ...]) -> str:
    return url_for(endpoint, **{name: value for name, _, value in values})


def init(app: Flask) -> None:
    app.jinja_env.globals["url_for"] = address
    app.jinja_env.globals["pieces"] = {"cell": cell, "icon": icon, "ago": ago}
